"""L616: samples that are held out for an evaluation are not trained on with their labels."""

from collections.abc import Iterator
from itertools import islice

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.check.typing.numbering import Signatures, same_samples
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors, in_a_step
from ssldsl.types import DataType

Chain = tuple[Node, ...]  # data, and then what each is a part of, up to the split
MOST = 1000  # ways from data to their splits that are looked at: joins of joins may have any number


def held_out_apart(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Once for every evaluation; silent beside an error. Without their labels the samples may be trained on."""
    if reader.ctx.reporter.failed:
        return
    known = reader.ctx.signatures
    trained = [
        (node, chain)
        for node in in_a_step(term.node for term in stage.terms)
        if node.op == "draw" and node.setting("field") == "label"
        for chain in _ways(node.inputs[0], known)
        if not any(known[part.op].traits.provenance for part in chain if part.op in known)
    ]
    for evaluation in stage.evaluations:
        held = [chain for node in ancestors([evaluation.node]) for chain in _measured(node, known)]
        for draw, part in trained:
            shared = next((chain for chain in held if _overlap(part, chain, known)), None)
            if shared is not None:
                written = next(node for node in shared if _holds_out(node, known)).spans[0]
                yield warnings.trained_on_held_out(str(draw.setting("stream")), draw.spans[0], written, evaluation.span)
                break


def _ways(data: Node, known: Signatures) -> Iterator[Chain]:
    return islice(_chains(data, known), MOST)


def _chains(data: Node, known: Signatures) -> Iterator[Chain]:
    """The data and what they are a part of; several where samples of several come together."""
    signature = known.get(data.op)
    if data.op in ("split", "source"):
        yield (data,)
    elif signature is not None and signature.joins:
        for name, part in zip(data.params, data.inputs, strict=True):
            if name in signature.joins:
                yield from _chains(part, known)
    else:
        yield from ((data, *chain) for chain in _chains(data.inputs[0], known))


def _measured(node: Node, known: Signatures) -> Iterator[Chain]:
    """Of a whole data set in an evaluation, the parts that are held out of a split."""
    if node.op == "full_dataset" and isinstance(data := node.inputs[0].type, DataType) and data.role == "test":
        yield from (c for c in _ways(node.inputs[0], known) if any(_holds_out(part, known) for part in c))


def _holds_out(node: Node, known: Signatures) -> bool:
    return node.op in known and known[node.op].traits.held_out is True


def _overlap(ours: Chain, theirs: Chain, known: Signatures) -> bool:
    """Whether two parts of one split share samples, as far as is known: neither was made without the other."""
    return ours[-1] is theirs[-1] and not (_apart(ours, theirs, known) or _apart(theirs, ours, known))


def _apart(ours: Chain, theirs: Chain, known: Signatures) -> bool:
    """Whether ours leaves out what theirs is a part of. Lists of names in two files were published as they are."""
    by_name = [any(node.setting("names") is not None for node in chain) for chain in (ours, theirs)]
    return all(by_name) or any(_leaves_out(node, whole, known) for node in ours for whole in theirs)


def _leaves_out(node: Node, whole: Node, known: Signatures) -> bool:
    signature = known.get(node.op)
    if signature is None:
        return False
    if signature.excludes:
        other = dict(zip(node.params, node.inputs, strict=True))[signature.excludes]
        return same_samples(other, known) is same_samples(whole, known)
    is_rest = signature.traits.size.startswith("-") and _holds_out(whole, known) and node.settings == whole.settings
    return is_rest and same_samples(node.inputs[0], known) is same_samples(whole.inputs[0], known)
