"""L604: a network that is neither trained nor initialized stays at its random weights, which is almost never meant."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors, networks


def stays_random(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Silent beside an error, which may be the reason that it is not trained."""
    ctx = reader.ctx
    if ctx.reporter.failed:
        return
    named = ctx.owners(stage.train) | {path for origin in stage.init if not origin.is_afresh for path in origin.modules}
    for path in sorted(networks(ancestors(stage.step_roots)) - named):
        draft = ctx.modules[path]
        if not draft.average_of and draft.owns_parameters:
            yield warnings.stays_random(path, reader.place("loss"))
