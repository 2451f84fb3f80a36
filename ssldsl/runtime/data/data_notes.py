"""What a person should know of the data of a stage before it trains: files passed over, classes without samples."""

from collections.abc import Iterator, Mapping

from ssldsl.graph.plan import NodePlan, StagePlan
from ssldsl.graph.plan_types import DataPlan
from ssldsl.ops.data import Samples, class_names_of
from ssldsl.ops.library import Library
from ssldsl.runtime.data.datasets import data_below, derives
from ssldsl.runtime.ops.load import signature_of

MOST_NAMED = 8  # classes that a note lists


def data_notes(stage: StagePlan, data: Mapping[str, Samples], library: Library) -> Iterator[str]:
    """The notes about the data nodes that a stage reads. Those with labels from an earlier stage have none yet."""
    nodes = {node.id: node for node in stage.nodes}
    known = {
        id_: samples
        for id_, samples in data.items()
        if not any(derives(library, node) for node in data_below(nodes, id_, library))
    }
    for samples in known.values():
        yield from getattr(samples, "notes", ())
    yield from _transductive(stage, nodes, library)
    for (missing, classes, names), who in _without_samples(stage, nodes, library, known).items():
        yield f"{' and '.join(who)}: {_said(missing, classes, names)}"


def _transductive(stage: StagePlan, nodes: Mapping[str, NodePlan], library: Library) -> Iterator[str]:
    """Held-out data that losses see, on purpose."""
    below = (node for stream in stage.streams for node in data_below(nodes, stream.data, library))
    lifting = (n for n in below if n.op not in ("source", "split") and _lifts(library, n))
    for name in dict.fromkeys(_name(stage, nodes, library, node.inputs[0]) for node in lifting):
        yield f"`{name}` is held out, and is trained on without its labels (transductive)"


def _lifts(library: Library, node: NodePlan) -> bool:
    return signature_of(library, node.op).traits.held_out is False


Missing = tuple[tuple[int, ...], int, tuple[str, ...]]  # classes without samples, of how many, and their names


def _without_samples(
    stage: StagePlan, nodes: Mapping[str, NodePlan], library: Library, data: Mapping[str, Samples]
) -> dict[Missing, list[str]]:
    """Which data have no sample of which classes. What is the same of several data is said once."""
    found: dict[Missing, list[str]] = {}
    for id_, samples in data.items():
        classes = _classes(nodes[id_])
        if samples.labels is None or classes is None:
            continue
        present = set(samples.labels.tolist())
        missing = tuple(number for number in range(classes) if number not in present)
        if missing:
            kind = missing, classes, class_names_of(samples)
            found.setdefault(kind, []).append(f"`{_name(stage, nodes, library, id_)}`")
    return found


def _said(missing: tuple[int, ...], classes: int, names: tuple[str, ...]) -> str:
    named = [f"`{names[number]}`" if names else str(number) for number in missing[:MOST_NAMED]]
    listed = ", ".join([*named, "..."] if len(missing) > MOST_NAMED else named)
    if len(missing) == 1:
        text = f"class {listed} of {classes} has no sample"
    else:
        text = f"{len(missing)} of {classes} classes have no sample: {listed}"
    return f"{text}; labels are numbered from 0" if missing == (0,) and not names else text


def _classes(node: NodePlan) -> int | None:
    """How many classes the labels of some data have."""
    label = node.type.fields.get("label") if isinstance(node.type, DataPlan) else None
    return label.classes if label is not None and isinstance(label.classes, int) else None


def _name(stage: StagePlan, nodes: Mapping[str, NodePlan], library: Library, id_: str) -> str:
    """What a person calls some data: the stream, or the source and its split."""
    stream = next((stream.name for stream in stage.streams if stream.data == id_), None)
    node = nodes[id_]
    if stream is not None or not node.inputs:
        return stream or str(node.settings.get("op", node.op))
    below = _name(stage, nodes, library, node.inputs[0])
    if node.op != "split" and signature_of(library, node.op).joins:
        return f"{node.op}({', '.join(_name(stage, nodes, library, i) for i in node.inputs)})"
    return f"{below}.{node.settings['name'] if node.op == 'split' else node.op}"
