"""D404: everything that `train` names is reached by a term of the loss."""

from collections.abc import Iterator

from ssldsl.check.messages import dataflow
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage


def unreached_module(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Without `train`, what is trained is what the terms reach, and there is nothing to say."""
    for number, update in enumerate(stage.each_update):
        terms, places = stage.terms_of(number), dict(update.places)
        grad_modules = frozenset[str]().union(*(t.node.grad_modules for t in terms))
        for path in update.train:
            place = places.get(f"train.{path}")
            if place is not None and reader.ctx.owner(path) not in grad_modules:
                yield dataflow.unreached_module(path, place, [t.name for t in terms])
