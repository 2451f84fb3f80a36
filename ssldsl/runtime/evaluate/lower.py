"""From the evaluations of a stage to the Python code that runs them.

A pass over a data set is a function from some of its samples to what the metrics read of them; a metric is a function
of what was read of all samples. Samples in files may differ in size, so a worker first applies, to one sample at a
time, what stands before the first network.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from ssldsl.errors import InternalError
from ssldsl.graph.plan import EvaluationPlan, NodePlan, Plan, StagePlan
from ssldsl.graph.plan_types import TensorPlan
from ssldsl.ir.primitives import NETWORKS, PRIMITIVES
from ssldsl.ir.walk import walk
from ssldsl.ops.library import Library
from ssldsl.runtime.nets.memories import is_left_by_a_stage, is_memory
from ssldsl.runtime.ops.load import signature_of
from ssldsl.runtime.step.emit import METRIC, Emission
from ssldsl.runtime.step.lower import add_header
from ssldsl.runtime.step.printer import Lines, Names, identifier, literal


@frozen
class DataPass:
    """One pass over a data set.

    data: the data node; empty where memories alone are read, once. wanted: the nodes whose values it gives, in this
        order. method: what computes them.
    reads: the keys of the batch that the method reads. host: the function that workers apply to single samples, or
        nothing; its keys of the batch are `host_reads`.
    """

    data: str
    wanted: tuple[str, ...]
    method: str
    reads: tuple[str, ...]
    host: str = ""
    host_reads: tuple[str, ...] = ()


@frozen
class Measures:
    """The code of some evaluations.

    attributes: attribute of the class -> key of the module. unnamed: attribute -> node that calls a module without a
        name. memories: attribute -> node that reads the memory. passes: one for each data set, and one for what
        memories hold. metrics: name of an evaluation -> the method that computes it.
    """

    source: str
    filename: str
    lines: dict[int, NodePlan]
    attributes: dict[str, str]
    unnamed: dict[str, NodePlan]
    memories: dict[str, NodePlan]
    passes: tuple[DataPass, ...]
    metrics: dict[str, str]


def lower_measures(
    plan: Plan,
    stage: StagePlan,
    library: Library,
    evaluations: Sequence[EvaluationPlan],
    wanted: Iterable[str] = (),
    *,
    in_files: Callable[[str], bool] = lambda data: False,
) -> Measures:
    """The code of some evaluations of a stage, and of other values over whole data sets.

    wanted: the nodes of those values. in_files: whether the samples of a data node are read one by one.
    """
    shared = Emission(plan, stage, library, prepared=frozenset())
    ids = dict.fromkeys([*(id_ for e in evaluations for id_ in tensors_read(stage, e, library)), *wanted])
    names = Names()
    metrics = {e.name: names.take(e.name) for e in evaluations}
    by_data = _by_data(stage, ids, library)
    methods = {data: names.take(f"read_{_name_of(stage, data)}") for data in by_data}
    shared.attributes.methods |= {*metrics.values(), *methods.values()}
    hosts, body = Lines(), Lines(depth=1)
    passes = tuple(
        _pass(shared, body, hosts, data, tuple(read), methods[data], bool(data) and in_files(data))
        for data, read in by_data.items()
    )
    for evaluation in evaluations:
        _metric(shared, body, evaluation, metrics[evaluation.name])
    lines = Lines()
    what = "measures" if evaluations else "computes its data from"
    add_header(lines, f"What stage `{stage.name}` of {plan.name} {what}.", plan.seed, shared)
    lines.extend(hosts)
    _class(lines, shared, ", ".join(metrics) or "Values over whole data sets")
    lines.extend(body)
    return Measures(
        lines.source,
        f"<measures {plan.name}/{stage.name} {' '.join(ids)}>",
        lines.by_number,
        dict(shared.attributes.modules),
        dict(shared.attributes.instances),
        dict(shared.attributes.memories),
        passes,
        metrics,
    )


def tensors_read(stage: StagePlan, evaluation: EvaluationPlan, library: Library) -> list[str]:
    """The nodes that a metric reads, without the networks that it is given."""
    nodes = {node.id: node for node in stage.nodes}
    computed = computed_at_last(nodes, evaluation, library)
    read = dict.fromkeys(id_ for done in computed for id_ in nodes[done].inputs)
    return [id_ for id_ in read if id_ not in computed and nodes[id_].op not in NETWORKS]


def computed_at_last(nodes: Mapping[str, NodePlan], evaluation: EvaluationPlan, library: Library) -> list[str]:
    """What is computed once all samples are read: metrics, the mean of the rows of losses, and what is made of them."""

    def inner(id_: str) -> Sequence[str]:
        return [i for i in nodes[id_].inputs if nodes[id_].op in PRIMITIVES and _is_number(nodes[i], library)]

    return walk([evaluation.node], inner)


def _is_number(node: NodePlan, library: Library) -> bool:
    is_last = node.op in PRIMITIVES or signature_of(library, node.op).role == "metrics"
    return isinstance(node.type, TensorPlan) and not node.type.dims and is_last


def nodes_of(stage: StagePlan, ids: Iterable[str], library: Library) -> list[NodePlan]:
    """The nodes that values over whole data sets need, in the order of the plan.

    How the data came about is not among them, nor what the steps write to memories.
    """
    nodes = {node.id: node for node in stage.nodes}

    def needs(id_: str) -> Sequence[str]:
        node = nodes[id_]
        if node.op == "full_dataset" or is_memory(node, library):
            return ()
        return [*node.inputs, *([node.rows] if node.rows else [])]

    needed = set(walk(ids, needs))
    return [node for node in stage.nodes if node.id in needed]


def _by_data(stage: StagePlan, ids: Iterable[str], library: Library) -> dict[str, list[str]]:
    """What is wanted of each data set, and, under no name, of memories alone."""
    found: dict[str, list[str]] = {}
    for id_ in ids:
        needed = nodes_of(stage, [id_], library)
        sources = {node.inputs[0] for node in needed if node.op == "full_dataset"}
        if not sources and any(is_memory(node, library) or is_left_by_a_stage(node) for node in needed):
            sources = {""}
        if len(sources) != 1:
            raise InternalError(f"node {id_} of stage `{stage.name}` reads {len(sources)} data sets")
        found.setdefault(sources.pop(), []).append(id_)
    return found


def _name_of(stage: StagePlan, data: str) -> str:
    """What a data set is called: as its stream, else as its split, else after the op that makes it."""
    if not data:
        return "memories"
    aliases = (node.alias for node in stage.nodes if node.op == "full_dataset" and node.inputs[0] == data)
    stream = next((alias.rpartition(".")[0] for alias in aliases), "")
    node = next(node for node in stage.nodes if node.id == data)
    made = str(node.settings["name"] if node.op == "split" else node.op)
    return identifier(stream) if stream.isidentifier() else made


def _pass(
    shared: Emission, body: Lines, hosts: Lines, data: str, wanted: tuple[str, ...], method: str, in_files: bool
) -> DataPass:
    nodes = nodes_of(shared.stage, wanted, shared.library)
    prepared = frozenset(_before_networks(shared.library, nodes)) if in_files else frozenset[str]()
    function = shared.for_function(prepared)
    body.add()
    body.add(f"def {method}(self, batch: dict[str, Tensor], scalars: Sequence[float]) -> tuple[Tensor, ...]:")
    body.depth += 1
    said = f"is read of some samples of `{method.removeprefix('read_')}`" if data else "memories hold"
    body.add(f'"""What {said}."""')
    for node in _computed(function, nodes, wanted):
        function.emit(body, node)
    values = [function.value(id_) for id_ in wanted]
    body.add(f"return {', '.join(values)}{',' if len(values) == 1 else ''}")
    body.depth -= 1
    host = _host(function, hosts, nodes, method) if function.host_results else None
    name, host_reads = ("", ()) if host is None else (f"prepare_{method.removeprefix('read_')}", tuple(host.reads))
    return DataPass(data, wanted, method, tuple(function.reads), name, host_reads)


def _host(function: Emission, hosts: Lines, nodes: Sequence[NodePlan], method: str) -> Emission:
    """The function that prepares single samples in a worker."""
    host = function.for_host()
    roots = {key: node for key, (node, _) in function.host_results.items()}
    hosts.add()
    hosts.add()
    name = f"prepare_{method.removeprefix('read_')}"
    hosts.add(f"def {name}(batch: dict[str, Tensor], scalars: Sequence[float]) -> dict[str, Tensor]:")
    hosts.depth += 1
    for node in _computed(host, nodes, [node.id for node in roots.values()]):
        host.emit(hosts, node)
    hosts.add(f"return {{{', '.join(f'{literal(key)}: {host.value(node.id)}' for key, node in roots.items())}}}")
    hosts.depth -= 1
    return host


def _computed(function: Emission, nodes: Iterable[NodePlan], roots: Iterable[str]) -> Iterator[NodePlan]:
    """The nodes that a function computes or reads, in the order of the plan."""

    def needs(id_: str) -> Sequence[str]:
        node = function.nodes[id_]
        return () if function.from_batch(node) else function.needs(node)

    needed = set(walk(roots, needs))
    return (node for node in nodes if node.id in needed)


def _before_networks(library: Library, nodes: Iterable[NodePlan]) -> Iterator[str]:
    """The nodes that no module stands before: what a worker can do to a sample alone."""
    after: set[str] = set()
    for node in nodes:
        is_module = node.op not in PRIMITIVES and signature_of(library, node.op).is_module
        if is_module or node.op in (*NETWORKS, "apply") or any(id_ in after for id_ in node.inputs):
            after.add(node.id)
        elif node.op not in PRIMITIVES or not PRIMITIVES[node.op].comes_with_batch:
            yield node.id


def _metric(shared: Emission, body: Lines, evaluation: EvaluationPlan, method: str) -> None:
    function = shared.for_function()
    function.named = {evaluation.node: method}
    node = function.nodes[evaluation.node]
    given = [function.nodes[id_] for id_ in dict.fromkeys(tensors_read(shared.stage, evaluation, shared.library))]
    parameters = "".join(f", {function.parameter(value)}: Tensor" for value in given)
    body.add()
    is_stateful = node.op not in PRIMITIVES and signature_of(shared.library, node.op).is_module
    own = f"{METRIC}: Callable[..., object], " if is_stateful else ""
    body.add(f"def {method}(self, {own}scalars: Sequence[float]{parameters}) -> object:")
    body.depth += 1
    computed = computed_at_last(function.nodes, evaluation, shared.library)
    networks = [i for id_ in computed for i in function.nodes[id_].inputs if function.nodes[i].op in NETWORKS]
    for network in _computed(function, function.stage.nodes, networks):
        function.emit(body, network)
    for id_ in computed:
        function.emit(body, function.nodes[id_])
    body.add(f"return {function.value(node.id)}")
    body.depth -= 1


def _class(lines: Lines, shared: Emission, said: str) -> None:
    lines.add()
    lines.add()
    lines.add("class Measures:")
    lines.depth += 1
    lines.add(f'"""{said}."""')
    lines.add()
    memories = ", memories: Mapping[str, nn.Module]" if shared.attributes.memories else ""
    lines.add(f"def __init__(self, modules: Mapping[str, nn.Module]{memories}) -> None:")
    for attribute, key in shared.attributes.modules.items():
        lines.add(f"    self.{attribute} = modules[{literal(key)}]")
    for attribute, node in shared.attributes.instances.items():
        lines.add(f"    self.{attribute} = {shared.making(node)}.eval()")
    for attribute, node in shared.attributes.memories.items():
        lines.add(f"    self.{attribute} = memories[{literal(node.draw)}]")
    if not shared.attributes.modules and not shared.attributes.instances and not shared.attributes.memories:
        lines.add("    pass")
    lines.depth -= 1
