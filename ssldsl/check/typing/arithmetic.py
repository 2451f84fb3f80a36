"""What arithmetic of tensors gives: the kind of a sum, a product or a comparison, and which of them have no meaning."""

from collections.abc import Iterable, Sequence

from ssldsl.ir.nodes import Combined, Constant, Scalar
from ssldsl.values import is_scalar

ROWS = frozenset({"Losses", "Weights", "Masks"})  # kinds with a number for every row
FACTORS = frozenset({"Weights", "Masks", "Values"})  # what losses may be multiplied by, where it has no gradient
COMPARABLE = frozenset({"Losses", "Weights", "Masks", "Values", "Scalar", "Probs", "Logits", "Features", "Pairs"})
_LINEAR = frozenset({"Losses", "Scalar", "Logits", "Features", "Vectors", "Pairs", "Values"})  # as are their sums
_BOUNDED = frozenset({"Weights", "Masks"})
_CLOSE = 1e-9


def common_kind(kinds: Iterable[str]) -> str | None:
    """What values of these kinds are that are added or compared; nothing where they have nothing in common."""
    found = frozenset(kinds)
    if len(found) == 1:
        return next(iter(found))
    if found <= _BOUNDED:
        return "Weights"
    return "Values" if found <= FACTORS else None


def sum_kind(kinds: Sequence[str], factors: Sequence[Scalar], plus: Scalar) -> str | None:
    """The kind of a weighted sum and a number: averages of distributions are distributions, `1 - mask` is a mask."""
    kind = common_kind(kinds)
    if kind in _LINEAR or kind is None:
        return kind
    if kind in ("Probs", "Images"):
        return kind if _is_average(factors, plus) else "Values"
    if kind == "Masks" and (tuple(factors), plus) == ((Constant(-1.0),), Constant(1.0)):
        return "Masks"
    if kind in _BOUNDED:
        return "Weights" if _is_average(factors, plus) or _stays_bounded(factors, plus) else "Values"
    return {"Embeddings": "Features"}.get(kind)


def product_kind(left: str, right: str) -> str | None:
    """The kind of a product, entry by entry; nothing where it has no meaning."""
    pair = {left, right}
    if "Losses" in pair:
        return "Losses" if pair & (FACTORS | {"Scalar"}) else None
    if "Scalar" in pair:
        other = right if left == "Scalar" else left
        return other if other in _LINEAR else "Values" if other in COMPARABLE else None
    if pair <= _BOUNDED:
        return "Masks" if pair == {"Masks"} else "Weights"
    return "Values" if pair <= COMPARABLE | {"Embeddings", "Images", "Vectors"} else None


def are_comparable(left: str, right: str, sign: str, number: object) -> bool:
    """Whether a tensor of the kind `left` is compared with one of the kind `right`, or with a number where it is none.

    Labels are equal or not; all else is more or less.
    """
    if "Labels" in (left, right) or sign in ("==", "!="):
        return sign in ("==", "!=") and left == "Labels" and (right == "Labels" or isinstance(number, int))
    if not right:
        return left in COMPARABLE and is_scalar(number)
    both = {left, right}
    return both <= COMPARABLE and ("Scalar" in both or common_kind(both) is not None)


def _is_average(factors: Sequence[Scalar], plus: Scalar) -> bool:
    """Whether factors are shares of a whole, also where they change with time: `a` and `1 - a`."""
    total: dict[str, float] = {}
    for factor in factors:
        _add(total, factor, 1.0)
    is_whole = abs(total.pop("", 0.0) - 1) < _CLOSE and all(abs(v) < _CLOSE for v in total.values())
    return is_whole and plus == Constant(0.0) and not any(isinstance(f, Constant) and f.value < 0 for f in factors)


def _add(total: dict[str, float], scalar: Scalar, times: float) -> None:
    """Count what a scalar is made of: numbers under the empty name, everything else under its own."""
    match scalar:
        case Constant():
            total[""] = total.get("", 0.0) + times * scalar.value
        case Combined(op="+" | "-"):
            _add(total, scalar.left, times)
            _add(total, scalar.right, times if scalar.op == "+" else -times)
        case Combined(op="*", left=Constant(value=number)):
            _add(total, scalar.right, times * number)
        case _:
            total[str(scalar)] = total.get(str(scalar), 0.0) + times


def _stays_bounded(factors: Sequence[Scalar], plus: Scalar) -> bool:
    """Whether a sum of values from 0 to 1 is such a value whatever they are."""
    numbers = [s.value for s in factors if isinstance(s, Constant)]
    if len(numbers) < len(factors) or not isinstance(plus, Constant):
        return False
    low, high = (plus.value + sum(limit(n, 0.0) for n in numbers) for limit in (min, max))
    return low >= -_CLOSE and high <= 1 + _CLOSE
