"""What a prediction is computed by: an `eval` of the run, whose networks and views are applied to other data."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.graph.plan import EvaluationPlan, NodePlan, StagePlan
from ssldsl.graph.plan_types import NetPlan, Size, TensorPlan
from ssldsl.ir.primitives import PRIMITIVES
from ssldsl.ir.walk import walk
from ssldsl.ops.library import Library
from ssldsl.runtime.evaluate.lower import nodes_of, tensors_read
from ssldsl.runtime.nets.keys import measures_average, weights_of
from ssldsl.runtime.nets.memories import is_memory
from ssldsl.runtime.ops.load import signature_of

SCORES = ("Logits", "Probs")


@frozen
class Wanted:
    """The nodes whose values are wanted, of a stage that has them, and the data node whose samples they are of.

    scores: of classes; nothing where the run has no classifier. embedding: nothing where no network stands before it.
    reads: the fields of a sample that are read, with their shapes. named_by: the metric whose classes the scores are
        of; nothing where they are of clusters.
    """

    stage: StagePlan
    data: str
    scores: str
    are_logits: bool
    embedding: str
    reads: dict[str, Sequence[Size]]
    named_by: str


def wanted_values(
    stage: StagePlan, library: Library, folder: Path, *, evaluation: str = "", net: str = "", average: bool = True
) -> Wanted:
    """What is computed of every sample. Raises R307 for an evaluation, N201 for a network that the run does not have.

    evaluation: by default the first that reads scores of classes, or else what a network gives. net: whose result is
        the embedding, such as `encoder` or `encoder >> projector`; by default what the scores are computed from.
    """
    chosen, read = _evaluation(stage, library, folder, evaluation)
    nodes = {node.id: node for node in stage.nodes}
    has_scores = _kind(nodes[read]) in SCORES
    added = _applied(stage, library, nodes, read, net, average) if net else ()
    embedding = added[-1].id if added else _features(nodes, read) if has_scores else read
    whole = stage.model_copy(update={"nodes": (*stage.nodes, *added), "evaluations": (), "compile": False})
    sources = [node for node in nodes_of(whole, [read], library) if node.op == "full_dataset"]
    return Wanted(
        whole,
        sources[0].inputs[0],
        read if has_scores else "",
        _kind(nodes[read]) == "Logits",
        embedding,
        {str(node.settings["field"]): _dims(node)[1:] for node in sources},
        chosen.node if has_scores and _are_classes(stage, library, chosen, read) else "",
    )


def _kind(node: NodePlan) -> str:
    return node.type.kind if isinstance(node.type, TensorPlan) else ""


def _evaluation(stage: StagePlan, library: Library, folder: Path, name: str) -> tuple[EvaluationPlan, str]:
    """The evaluation, and the node that it reads."""
    known = [e.name for e in stage.evaluations]
    if name and name not in known:
        help_ = did_you_mean(name, known) or f"it has: {', '.join(known) or 'none'}"
        message = f"stage `{stage.name}` of the run in {folder} has no evaluation `{name}`"
        raise SpecError(Diagnostic("R307", message, help=help_))
    fit = [(e, id_) for e in stage.evaluations if name in ("", e.name) for id_ in _readable(stage, library, e)]
    kinds = {node.id: _kind(node) for node in stage.nodes}
    found = next((pair for pair in fit if kinds[pair[1]] in SCORES), fit[0] if fit else None)
    if found is None:
        who = f"`{name}` of the run in {folder} does not read" if name else f"no `eval` of the run in {folder} reads"
        message = f"{who} what a network gives for single samples (stage `{stage.name}`)"
        raise SpecError(Diagnostic("R307", message, help="name another one by `--eval`, or another stage by `--stage`"))
    return found


def _readable(stage: StagePlan, library: Library, evaluation: EvaluationPlan) -> Iterator[str]:
    """What an evaluation reads that networks of the stage make of one sample each, and of nothing else."""
    nodes = {node.id: node for node in stage.nodes}
    for id_ in tensors_read(stage, evaluation, library):
        below = nodes_of(stage, [id_], library)
        sources = {node.inputs[0] for node in below if node.op == "full_dataset"}
        nets = [node for node in below if node.op == "net"]
        others = any(is_memory(node, library) or (weights_of(node) or ("",))[0] for node in below)
        if nets and len(sources) == 1 and not others and _rows(nodes[id_]) == _rows(_source(nodes, id_)):
            yield id_


def _source(nodes: dict[str, NodePlan], id_: str) -> NodePlan:
    """The data that a node is made of, as a tensor of all samples."""
    return next(nodes[i] for i in walk([id_], lambda i: nodes[i].inputs) if nodes[i].op == "full_dataset")


def _dims(node: NodePlan) -> Sequence[Size]:
    return node.type.dims if isinstance(node.type, TensorPlan) else ()


def _rows(node: NodePlan) -> Sequence[Size]:
    return _dims(node)[:1]


def _features(nodes: dict[str, NodePlan], scores: str) -> str:
    """What the network that gives the scores is applied to, if another network gave that, a row a sample."""
    applied = [id_ for id_ in walk([scores], lambda i: nodes[i].inputs) if nodes[id_].op == "apply"]
    features = nodes[applied[-1]].inputs[-1]
    is_computed = any(nodes[id_].op == "apply" for id_ in walk([features], lambda i: nodes[i].inputs))
    return features if is_computed and _rows(nodes[features]) == _rows(_source(nodes, scores)) else ""


def _are_classes(stage: StagePlan, library: Library, evaluation: EvaluationPlan, scores: str) -> bool:
    """Whether the metric takes the scores as those of classes, and not of clusters in any order."""
    node = next(n for n in stage.nodes if n.id == evaluation.node)
    if node.op in PRIMITIVES:
        return False
    param = dict(zip(node.inputs, node.params, strict=True))[scores]
    edge = signature_of(library, node.op).edge(param)
    return edge is not None and edge.dims[-1:] == ("classes",)


# --- a network of one's choice --------------------------------------------------------------------------------------


def _applied(
    stage: StagePlan, library: Library, nodes: dict[str, NodePlan], read: str, text: str, average: bool
) -> tuple[NodePlan, ...]:
    """The nodes that apply networks to what the first network of the evaluation is applied to."""
    first = next(n for n in nodes_of(stage, [read], library) if n.op == "apply")
    weights = {"average": True} if average and measures_average(stage) else {}
    added: list[NodePlan] = []
    value = first.inputs[-1]
    for number, path in enumerate(part.strip() for part in text.split(">>")):
        net = first.model_copy(update={"id": f"asked{number}.net", "op": "net", "inputs": (), "params": ()})
        type_ = NetPlan(target=TensorPlan(kind="Features"))
        added.append(net.model_copy(update={"settings": {"name": path, **weights}, "type": type_}))
        value_type = TensorPlan(kind="Features")
        given = {"id": f"asked{number}", "inputs": (added[-1].id, value), "type": value_type, "alias": ""}
        added.append(first.model_copy(update=given))
        value = added[-1].id
    return tuple(added)


def check_net(text: str, known: Sequence[str], folder: Path) -> None:
    """Refuse the name of a network that the run does not have."""
    for name in (part.strip() for part in text.split(">>")):
        if text and not any(name == path or name.startswith(f"{path}.") for path in known):
            help_ = did_you_mean(name, known) or f"it has: {', '.join(known)}"
            raise SpecError(Diagnostic("R304", f"the run in {folder} has no network `{name}`", help=help_))
