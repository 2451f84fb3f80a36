"""What must hold of a stage: every term trains something, all that is trained is reached, merging is decided."""

from collections.abc import Iterable, Mapping

from ssldsl.check.apply.networks import couples_batch
from ssldsl.check.state.context import Context
from ssldsl.check.typing import instances
from ssldsl.errors import Note
from ssldsl.ir.nodes import Combined, Curve, Duration, Node, Scalar, Setting
from ssldsl.ir.program import Term
from ssldsl.ir.walk import ancestors, networks
from ssldsl.ops.signature import Signature
from ssldsl.source import Span
from ssldsl.types import ROWS, TensorType, TupleType


def check_terms(ctx: Context, terms: Iterable[Term], trained: frozenset[str]) -> None:
    """Every term must change something that is trained."""
    for term in terms:
        if term.node.live & trained:
            continue
        stops = [n for n in ancestors([term.node]) if n.op == "stop"]
        place = _user_span(ctx, stops[0]) if stops else None
        notes = (Note(place, "gradient stops here"),) if place and place != term.span else ()
        if term.node.live:
            reached = ", ".join(f"`{n}`" for n in sorted(term.node.live))
            label, help = (
                f"it reaches {reached}, which this stage does not train",
                f"add {reached} to `train`, or drop the term",
            )
        else:
            label, help = "no gradient leaves this term", "one side of the loss must come from a trained network"
        ctx.reporter.error(
            "D403",
            term.span,
            f"the loss term `{term.name}` has no gradient path to any trained network",
            label,
            notes=notes,
            help=help,
        )


def _user_span(ctx: Context, node: Node) -> Span | None:
    return next((s for s in node.spans if s.source in ctx.reporter.own), None)


def check_reached(ctx: Context, trained: Iterable[tuple[str, Span]], terms: Iterable[Term]) -> None:
    """Everything in `train` must be reached by a term."""
    terms = list(terms)
    live = frozenset[str]().union(*(t.node.live for t in terms))
    for path, span in trained:
        module = path if path in ctx.modules else path.rsplit(".", 1)[0]
        if module not in live:
            names = ", ".join(f"`{t.name}`" for t in terms)
            ctx.reporter.error(
                "D404",
                span,
                f"`{path}` is trained, and no loss term reaches it",
                f"terms: {names}",
                help=f"use `{path}` in a loss, or take it out of `train`",
            )


def check_merging(ctx: Context, forward: str, loss: Span) -> None:
    """Where merging forwards would change batch statistics, the spec must say whether to merge."""
    assert ctx.stage is not None
    if forward:
        return
    for path, inputs in ctx.stage.forwards.items():
        draft = ctx.modules[path]
        if len(inputs) > 1 and couples_batch(draft.signature, dict(draft.settings)):
            ctx.reporter.error(
                "D411",
                loss,
                f"this loss sends {len(inputs)} batches through `{path}`, whose rows depend on one another",
                "one batch, or several?",
                notes=(Note(draft.span, "it normalises over the batch"),),
                help="write `forward = concat` (one joint batch, as in S4L and FixMatch) or `forward = separate`",
            )
            return


def check_frozen(
    ctx: Context, terms: Iterable[Term], trained: frozenset[str], initialised: frozenset[str], loss: Span
) -> None:
    """A network that is neither trained nor initialised stays at its random weights: almost never meant."""
    used = networks(ancestors(t.node for t in terms))
    for path in sorted(used - trained - initialised):
        draft = ctx.modules[path]
        if not draft.average_of and draft.signature.is_module and draft.signature.sizes:
            ctx.reporter.warning(
                "L604",
                loss,
                f"`{path}` is used, but neither trained nor initialised: it stays random",
                help=f"add `{path}` to `train`, or `init {path} from ...`",
            )


def check_memories(ctx: Context, terms: Iterable[Term], batch: Mapping[str, int]) -> None:
    """A memory holds at least the rows that one step commits to it."""
    rows = {f"{ROWS}{name}": count for name, count in batch.items()}
    for node in ancestors(t.node for t in terms):
        signature = ctx.signatures.get(node.op)
        if signature is None or not signature.facts.holds:
            continue
        name, length = signature.facts.holds, node.setting(signature.facts.holds)
        for value in node.inputs:
            count = value.type.dims[0].substitute(rows).value if isinstance(value.type, TensorType) else None
            if count is not None and isinstance(length, int) and count > length:
                ctx.reporter.error(
                    "D422",
                    _user_span(ctx, node) or node.spans[0],
                    f"`{node.op}` holds {length} rows, and a step brings {count}",
                    f"`{name}` is shorter than the batch",
                    help=f"take a multiple of {count}, such as `{name}={8 * count}`",
                )


def check_samples(ctx: Context, terms: Iterable[Term], batch: Mapping[str, int]) -> None:
    """A loss that tells samples apart gets more than one."""
    for node in ancestors(t.node for t in terms):
        signature = ctx.signatures.get(node.op)
        for value in node.inputs if signature is not None and signature.facts.copies else ():
            if value.op == "index" and instances.count_samples(value.inputs[0], batch) == 1:
                ctx.reporter.error(
                    "D412",
                    _user_span(ctx, node) or node.spans[0],
                    f"`{node.op}` tells samples apart, and a step has only one",
                    "no other sample to compare it with",
                    help="draw more of them: see `batch`",
                )


def check_sizes(ctx: Context, terms: Iterable[Term]) -> None:
    """What a step computes as one batch has one size: views see to that where files differ."""
    uneven: set[int] = set()
    for node in ancestors(t.node for t in terms):
        is_open = node.op == "draw" and not _source(ctx, node).has_one_size
        before = [i for i in node.inputs if i.id in uneven]
        if not is_open and not before:
            continue
        signature = ctx.signatures.get(node.op)
        if is_open or node.op == "field" or (signature is not None and signature.role == "views"):
            uneven |= {node.id} if _differs(node) else set()
            continue
        ctx.reporter.error(
            "D413",
            _user_span(ctx, node) or node.spans[0],
            "these images differ in size, so they cannot be one batch",
            "computed for a whole batch at once",
            help="let a view of the stream give them one size, such as `>> random_resized_crop(size=224)`",
        )
        return


def _source(ctx: Context, draw: Node) -> Signature:
    node = draw
    while node.inputs:
        node = node.inputs[0]
    return ctx.signatures[str(node.setting("op"))]


def _differs(node: Node) -> bool:
    """Whether samples may differ in size."""
    types = [t for _, t in node.type.fields] if isinstance(node.type, TupleType) else [node.type]
    return any(isinstance(t, TensorType) and any(d.value is None for d in t.dims[1:]) for t in types)


def check_ramps(ctx: Context, scalars: Iterable[tuple[Scalar, Span]], run: Duration) -> None:
    """A ramp longer than the run never completes."""
    for scalar, span in scalars:
        for curve in curves(scalar):
            for name, value in curve.settings:
                if name == "length" and isinstance(value, Duration) and _outlasts(value, run):
                    ctx.reporter.warning(
                        "L601",
                        curve.span or span,
                        f"`{curve.op}` takes {value}, and the run ends after {run}",
                        "it never completes",
                        help="shorten it, or let the stage run longer",
                    )


def check_waits(ctx: Context, waits: Iterable[tuple[str, Setting, Span]], terms: Iterable[Term], run: Duration) -> None:
    """What begins after the run has ended never begins. `waits`: settings by name and place; memories have theirs."""
    memories = [n for n in ancestors(t.node for t in terms) if n.op in ctx.signatures and n.setting("start")]
    starts = [("start", n.setting("start"), _user_span(ctx, n) or n.spans[0]) for n in memories]
    for name, value, span in (*waits, *starts):
        if isinstance(value, Duration) and _outlasts(value, run):
            message = f"`{name}` waits for {value}, and the run ends after {run}"
            ctx.reporter.warning(
                "L601", span, message, "it never begins", help="shorten it, or let the stage run longer"
            )


def _outlasts(value: Duration, run: Duration) -> bool:
    """Whether a time is longer than the run, as far as that can be said without knowing how long a pass is."""
    return value.value > (100 if value.unit == "%" else run.value) and value.unit in ("%", run.unit)


def curves(scalar: object) -> list[Curve]:
    """Every schedule inside a scalar."""
    if isinstance(scalar, Curve):
        return [scalar]
    if isinstance(scalar, Combined):
        return [*curves(scalar.left), *curves(scalar.right)]
    return []
