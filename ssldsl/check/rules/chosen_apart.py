"""L618: which checkpoint counts is not chosen by test data."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors


def chosen_apart(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """What `holdout` sets aside is for choosing, and so is another split, such as `val`. Silent beside an error."""
    kept = stage.keep.name if stage.keep is not None and not reader.ctx.reporter.failed else ""
    for evaluation in stage.evaluations:
        if kept not in dict(stage.measured()) or kept.partition(".")[0] != evaluation.name:
            continue
        wholes = [node for node in ancestors([evaluation.node]) if node.op == "full_dataset"]
        if any(_is_test(ancestors([whole]), reader) for whole in wholes):
            yield warnings.chosen_on_test(kept, reader.place("keep"), evaluation.span)


def _is_test(below: list[Node], reader: Reader) -> bool:
    """Whether data, with all that they are made of, are of a split for tests, and no part was set aside of them."""
    known = [reader.ctx.signatures.get(node.op) for node in below]
    is_set_aside = any(signature is not None and signature.traits.held_out is True for signature in known)
    return not is_set_aside and any(node.op == "split" and node.setting("name") == "test" for node in below)
