"""N210: an edit of a term finds one in some stage."""

from collections.abc import Iterator

from ssldsl.check.messages import names
from ssldsl.check.state.reader import SpecReading
from ssldsl.errors import Diagnostic


def unmatched_edit(spec: SpecReading) -> Iterator[Diagnostic]:
    """An edit that names its stage is told of when that stage is read."""
    edits = spec.ctx.loss_edits
    terms = {t.name for s in spec.stages for t in s.terms} | {t for _, t, place in edits.drops if place in edits.met}
    terms |= {w.name for s in spec.stages for w in s.watches}
    asked = [*edits.drops, *((stage, term, span) for stage, term, _, span in edits.weights)]
    for stage, term, span in asked:
        if not stage and span not in edits.met and spec.stages:
            yield names.no_term_anywhere(term, span, sorted(terms))
