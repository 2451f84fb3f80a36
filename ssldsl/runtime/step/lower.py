"""From a stage of a plan to the Python code that runs as its step.

The code is straight-line: every node of the stage is one assignment, in the order of the plan, under a comment that
names the line of the spec. What is printed is what runs, and a line number of a traceback leads back to the node.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from attrs import frozen

from ssldsl.errors import Diagnostic, InternalError, SpecError
from ssldsl.graph.plan import NodePlan, Plan, StagePlan
from ssldsl.ir.walk import walk
from ssldsl.ops.library import Library
from ssldsl.runtime.nets.memories import committed
from ssldsl.runtime.ops.scalars import constant, weight_slots
from ssldsl.runtime.spans import span_of
from ssldsl.runtime.step.code import namespace_of
from ssldsl.runtime.step.emit import Emission
from ssldsl.runtime.step.printer import Lines, literal
from ssldsl.runtime.step.updates import NOTHING, Body, add_dispatch, add_head, handed_on


@frozen
class Lowered:
    """The code of a step.

    lines: node of every line. attributes: attribute of the step -> path of the module. terms, watches: their names, in
    order.
    reads: keys of the batch that the step reads. hosts: stream -> the function that workers apply to single samples.
    unnamed: attribute of the step -> node that calls a module without a name.
    """

    source: str
    filename: str
    lines: dict[int, NodePlan]
    attributes: dict[str, str]
    terms: tuple[str, ...]
    watches: tuple[str, ...]
    reads: tuple[str, ...]
    hosts: dict[str, str]
    unnamed: dict[str, NodePlan]

    @cached_property
    def reads_scalars(self) -> bool:
        """Whether the step reads a number that changes with time."""
        return "scalars[" in self.source

    def namespace(self) -> dict[str, Any]:
        """Run the code: what it defines, by name. Tracebacks and debuggers see its lines."""
        return namespace_of(self)


def lower(plan: Plan, stage: StagePlan, library: Library, *, shards: int = 1) -> Lowered:
    """The code of a stage's step, for one of `shards` equal parts of the batch (processes times accumulated parts)."""
    step = Emission(plan, stage, library, shards)
    bodies = _bodies(step)
    hosts = {stream.name: _host(step, stream.name) for stream in stage.streams}
    lines = Lines()
    add_header(lines, f"The step of stage `{stage.name}` of {plan.name}.", plan.seed, step)
    for host in hosts.values():
        lines.extend(host)
    _step_class(lines, stage, step, bodies)
    functions = {name: step.host_function(name) for name, host in hosts.items() if host.texts}
    filename = f"<step {plan.name}/{stage.name}{f' 1 of {shards}' if shards > 1 else ''}>"
    return Lowered(
        lines.source,
        filename,
        lines.by_number,
        dict(step.attributes.modules),
        tuple(term.name for term in stage.terms),
        tuple(watch.name for watch in stage.watches),
        tuple(step.reads),
        functions,
        dict(step.attributes.instances),
    )


def _bodies(step: Emission) -> list[Body]:
    """The code of a step: in one piece, or one for each of its updates."""
    if not step.stage.updates:
        forwards = (n.id for n in step.stage.nodes if n.op == "apply" and n.placement == "step")  # they move statistics
        return [_body(step, [*(part.node for part in step.stage.recorded), *forwards])]
    pieces = [step.for_update(stage) for stage in step.stage.each_update]
    handed = handed_on(pieces)
    return [_body(piece, own.roots, own.given, own.kept) for piece, own in zip(pieces, handed, strict=True)]


def _body(
    step: Emission, roots: Iterable[str], given: Mapping[str, str] = NOTHING, kept: Mapping[str, str] = NOTHING
) -> Body:
    """The lines that compute some nodes. given, kept: see `HandedOn`."""
    lines = Lines(depth=2)
    for id_, name in given.items():
        lines.add(f"{step.parameter(step.nodes[id_])} = kept[{literal(name)}]")
    nodes = _wanted(step, roots, given)
    for node in nodes:
        step.emit(lines, node)
    step.close(lines)
    memories = tuple(node for node in step.attributes.memories.values() if node in nodes)
    return Body(step, lines, memories, {name: step.value(id_) for id_, name in kept.items()})


def _wanted(step: Emission, roots: Iterable[str], before: Collection[str] = ()) -> list[NodePlan]:
    """The nodes that the roots need and that run in the step, in an order that can be run.

    before: those that are there already.
    """

    def needs(id_: str) -> Sequence[str]:
        node = step.nodes.get(id_)
        if node is None:
            raise InternalError(f"stage {step.stage.name}: the plan has no node {id_}")
        return () if step.from_batch(node) or id_ in before else step.needs(node)

    needed = set(walk(roots, needs)) - set(before)
    return _ordered(step, [node for node in step.stage.nodes if node.id in needed])


def _ordered(step: Emission, nodes: list[NodePlan]) -> list[NodePlan]:
    """First what comes with the batch, stream by stream, then views and the like, then all that runs networks."""
    streams = [stream.name for stream in step.stage.streams]
    ranks: dict[str, tuple[int, int]] = {}
    for node in nodes:
        if step.from_batch(node):
            ranks[node.id] = (0, streams.index(step.stream_of(node)))
        else:
            before = max((ranks[id_] for id_ in step.needs(node) if id_ in ranks), default=(0, 0))
            ranks[node.id] = max(before, (1 if step.can_come_first(node) else 2, 0))
    return sorted(nodes, key=lambda node: ranks[node.id])


def add_header(lines: Lines, said: str, seed: int, emission: Emission) -> None:
    """Docstring, imports, and the keys of the random draws."""
    lines.add(f'"""{said}"""')
    lines.add()
    for text in emission.imports():
        lines.add(text)
    if emission.keys:
        lines.add()
    for draw, name in emission.keys.items():
        lines.add(f"{name} = key_of({seed}, {literal(emission.stage.name)}, {literal(draw)})")


def _host(step: Emission, stream: str) -> Lines:
    """The function that prepares single samples of a stream in a worker; nothing if none is needed."""
    results = [key for key in step.reads if step.host_results.get(key, (None, ""))[1] == stream]
    lines = Lines()
    if not results:
        return lines
    host = step.for_host()
    roots = [step.host_results[key][0] for key in results]
    body = Lines(depth=1)
    for node in _wanted(host, (root.id for root in roots)):
        host.emit(body, node)
    host.close(body)
    pairs = ", ".join(f"{literal(key)}: {host.value(root.id)}" for key, root in zip(results, roots, strict=True))
    lines.add()
    lines.add()
    lines.add(f"def {step.host_function(stream)}(batch: dict[str, Tensor], scalars: Tensor) -> dict[str, Tensor]:")
    lines.add(f'    """What a worker makes of samples of `{stream}`."""')
    lines.extend(body)
    lines.add(f"    return {{{pairs}}}")
    return lines


def _step_class(lines: Lines, stage: StagePlan, step: Emission, bodies: Sequence[Body]) -> None:
    lines.add()
    lines.add()
    lines.add("class Step(StageStep):")
    lines.depth = 1
    lines.add(f'"""{", ".join(term.name for term in stage.terms)}."""')
    lines.add()
    memories = ", memories: Mapping[str, nn.Module]" if step.attributes.memories else ""
    lines.add(f"def __init__(self, modules: Mapping[str, nn.Module]{memories}) -> None:")
    lines.add("    super().__init__()")
    for attribute, path in step.attributes.modules.items():
        lines.add(f"    self.{attribute} = modules[{literal(path)}]")
    for attribute, node in step.attributes.instances.items():
        lines.add(f"    self.{attribute} = {step.making(node)}")
    for attribute, node in step.attributes.memories.items():
        lines.add(f"    self.{attribute} = memories[{literal(node.draw)}]")
    if not stage.updates:
        lines.add()
        lines.add("def forward(self, batch: dict[str, Tensor], scalars: Tensor) -> dict[str, Tensor]:")
        _function(lines, stage, bodies[0])
        return
    add_dispatch(lines, stage)
    for update, body in zip(stage.updates, bodies, strict=True):
        add_head(lines, update)
        _function(lines, stage, body)


def _function(lines: Lines, stage: StagePlan, body: Body) -> None:
    """The lines of a step or an update, the weighted sum of its terms, and what it returns."""
    lines.extend(body.lines)
    lines.depth = 2
    terms, step = body.step.stage.terms, body.step
    if not terms:
        raise InternalError(f"stage {stage.name} has no loss term")
    for term in terms:
        if term.name == "loss":
            message = "a term of the loss cannot be called `loss`, which is the name of the whole"
            raise SpecError(Diagnostic("R426", message, span_of(term.place), help="choose another name after `as`"))
    slots = weight_slots(stage)
    products = []
    for term in terms:
        weight = f"scalars[{slots[term.name]}]" if term.name in slots else literal(constant(term.weight))
        value = step.value(term.node)
        products.append(value if weight == "1.0" else f"{weight} * {value}")
    lines.add()
    lines.add(f"loss = {' + '.join(products)}")
    values = [f"{literal(part.name)}: {step.value(part.node)}.detach()" for part in step.stage.recorded]
    given = ['"loss": loss', *values, *_remembered(body)]
    if not stage.updates:
        lines.group("return {", given, "}")
        return
    lines.group("given = {", given, "}")
    lines.group("return given, {", [f"{literal(name)}: {value}" for name, value in body.kept.items()], "}")
    lines.depth = 1


def _remembered(body: Body) -> Iterator[str]:
    """What the memories are to remember of this part of the batch, with the rows of all processes."""
    for node in body.memories:
        for i, id_ in enumerate(node.inputs):
            yield f"{literal(committed(node, i))}: {body.step.value(id_)}.detach()"
