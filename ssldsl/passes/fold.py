"""Computes what is constant before anything runs."""

from collections.abc import Iterable

from attrs import evolve

from ssldsl.graph.graph import Graph, GraphBuilder, ancestors, rewrite
from ssldsl.ir.modules import moved_by
from ssldsl.ir.nodes import Combined, Constant, Curve, Node, Scalar, Setting
from ssldsl.ir.program import Term
from ssldsl.passes.context import PassContext


def fold(graph: Graph, context: PassContext) -> Graph:
    """Weights and schedules have one constant factor at most, means and sums several inputs, and no term is idle.

    A term is idle if its weight is the constant 0 and leaving it out changes nothing: its forwards move no statistics,
    its ops keep no state, and it trains no module that no other term trains (zero gradients still let weights decay).
    """
    folded = rewrite(graph, _fold_node)
    terms = tuple(evolve(term, weight=folded_scalar(term.weight)) for term in folded.terms)
    kept = _without_idle(evolve(folded, terms=terms), context)
    names = {term.name for term in kept}
    dropped = [term.name for term in terms if term.name not in names]
    notes = tuple(f"term `{name}` has weight 0 and is left out" for name in dropped)
    return evolve(folded, terms=kept, notes=folded.notes + notes)


def folded_scalar(scalar: Scalar) -> Scalar:
    """The same function of time with its constants computed: `2 * (0.5 * cosine())` is `cosine()`."""
    factor, rest = _factored(scalar)
    return _times(factor, rest)


def _times(factor: float, rest: Scalar | None) -> Scalar:
    if rest is None or factor == 0:
        return Constant(float(factor))
    return rest if factor == 1 else Combined("*", Constant(factor), rest)


def _factored(scalar: Scalar) -> tuple[float, Scalar | None]:
    """A scalar as a constant times something that varies (nothing, if it is constant)."""
    if isinstance(scalar, Constant):
        return scalar.value, None
    if isinstance(scalar, Curve):
        return 1.0, scalar
    if scalar.op in ("*", "/"):
        return _product(scalar)
    left, right = folded_scalar(scalar.left), folded_scalar(scalar.right)
    if isinstance(left, Constant) and isinstance(right, Constant):
        if scalar.op == "then":
            return (left.value, None) if left == right else (1.0, evolve(scalar, left=left, right=right))
        return (left.value + right.value if scalar.op == "+" else left.value - right.value), None
    if scalar.op != "then" and right == Constant(0.0):
        return _factored(left)
    if scalar.op == "+" and left == Constant(0.0):
        return _factored(right)
    return 1.0, evolve(scalar, left=left, right=right)


def _product(scalar: Combined) -> tuple[float, Scalar | None]:
    a, left = _factored(scalar.left)
    b, right = _factored(scalar.right)
    if scalar.op == "*":
        factors = [rest for rest in (left, right) if rest is not None]
        rest = Combined("*", factors[0], factors[1]) if len(factors) == 2 else next(iter(factors), None)
        return a * b, rest
    if b == 0:  # a division by zero is for the runtime to report, at its step
        return 1.0, Combined("/", folded_scalar(scalar.left), folded_scalar(scalar.right))
    if right is None:
        return a / b, left
    return a / b, Combined("/", Constant(1.0) if left is None else left, right)


def _fold_node(node: Node, inputs: tuple[Node, ...], build: GraphBuilder) -> Node:
    if node.op in ("mean", "sum"):
        inputs = _flat(node.op, inputs)
        if len(inputs) == 1:
            return inputs[0]
        return build.like(node, inputs, params=(node.params[0],) * len(inputs) if node.params else ())
    settings = tuple((name, _folded_setting(value)) for name, value in node.settings)
    return build.like(node, inputs, settings=settings)


def _flat(op: str, inputs: tuple[Node, ...]) -> tuple[Node, ...]:
    """A sum of sums is a sum. A mean of means is a mean only if all of them are over equally many."""
    inner = [n.inputs if n.op == op else (n,) for n in inputs]
    if op == "mean" and len({len(values) for values in inner}) > 1:
        return inputs
    return tuple(value for values in inner for value in values)


def _folded_setting(value: Setting) -> Setting:
    if isinstance(value, tuple):
        return tuple(map(_folded_setting, value))
    if not isinstance(value, Constant | Curve | Combined):
        return value
    scalar = folded_scalar(value)
    return scalar.value if isinstance(scalar, Constant) else scalar


def _without_idle(graph: Graph, context: PassContext) -> tuple[Term, ...]:
    working = [term for term in graph.terms if term.weight != Constant(0.0)]
    if not working or len(working) == len(graph.terms):
        return graph.terms
    step = graph.only("input", "rows")
    for number in {term.update for term in graph.terms} - {term.update for term in working}:
        working += [term for term in graph.terms if term.update == number]  # an update without terms is none
    kept = {term.name for term in working}
    reached = ancestors(step, (term.node for term in working))
    trained = {path for term in working for path in term.node.grad_modules}
    for term in graph.terms:
        below = ancestors(step, [term.node])
        if term.name not in kept and (not term.node.grad_modules <= trained or _has_effect(below - reached, context)):
            kept.add(term.name)
            reached |= below
            trained |= term.node.grad_modules
    return tuple(term for term in graph.terms if term.name in kept)


def _has_effect(nodes: Iterable[Node], context: PassContext) -> bool:
    return any(moved_by(node) or _keeps_state(node, context) for node in nodes)


def _keeps_state(node: Node, context: PassContext) -> bool:
    signature = context.signatures.get(node.op)
    return signature is not None and signature.has_commit
