"""D411: where merging batches would change what a network computes, the spec says whether to merge them."""

from collections.abc import Iterator

from ssldsl.check.apply.network_types import couples_batch
from ssldsl.check.messages import dataflow
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage


def forward_policy(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """One network is enough to ask: `forward` holds for all of them."""
    draft = reader.ctx.stage
    if stage.place("forward") is not None or draft is None:
        return
    for (path, _), inputs in draft.forwards.items():
        module = reader.ctx.modules[path]
        if len(inputs) > 1 and couples_batch(module.signature, dict(module.settings)):
            yield dataflow.forward_policy(path, len(inputs), reader.place("loss"), module.span)
            return
