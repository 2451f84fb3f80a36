"""D403: every term of a loss changes something that the stage trains."""

from collections.abc import Iterator

from ssldsl.check.messages import dataflow
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors


def untrained_term(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Every term must change something that is trained."""
    trained = [reader.ctx.owners(update.train) for update in stage.each_update]
    for term in stage.terms:
        if not term.node.grad_modules & trained[term.update]:
            # the last is nearest to the term
            stops = [reader.written_at(n) for n in ancestors([term.node]) if n.op == "stop"]
            update = stage.updates[term.update].name if stage.updates else ""
            stop = stops[-1] if stops else None
            yield dataflow.untrained_term(term.name, term.span, term.node.grad_modules, stop, update)
