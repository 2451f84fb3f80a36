"""L614: an average remembers more than it forgets; a momentum near 0 is mostly one minus the number that was meant."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Combined, Constant, Curve, Scalar
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors, networks

LOW = 0.5


def follows_at_once(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Averages of networks and of weights. At 0 there is no average, on purpose: a copy of the network."""
    for path in sorted(networks(ancestors(stage.roots))):
        draft = reader.ctx.modules[path]
        if draft.momentum is not None and 0 < _most(draft.momentum) < LOW:
            yield warnings.low_momentum("ema", _most(draft.momentum), draft.span)
    momentum = stage.average.setting("momentum") if stage.average is not None else None
    if momentum is not None and 0 < _most(momentum) < LOW:
        yield warnings.low_momentum("polyak", _most(momentum), reader.place("average"))


def _most(scalar: Scalar) -> float:
    """The largest value of a factor, with every schedule of the library between 0 and 1."""
    return _bounds(scalar)[1]


def _bounds(scalar: Scalar) -> tuple[float, float]:
    match scalar:
        case Constant():
            return scalar.value, scalar.value
        case Combined(op="then"):
            left, right = _bounds(scalar.left), _bounds(scalar.right)
            return min(*left, *right), max(*left, *right)
        case Combined(op="+" | "-" | "*"):
            return _arithmetic(scalar.op, _bounds(scalar.left), _bounds(scalar.right))
        case Curve():
            return 0.0, 1.0
    return 0.0, float("inf")


def _arithmetic(op: str, left: tuple[float, float], right: tuple[float, float]) -> tuple[float, float]:
    if op == "*":
        ends = [a * b for a in left for b in right]
        return min(ends), max(ends)
    low, high = right if op == "+" else (-right[1], -right[0])
    return left[0] + low, left[1] + high
