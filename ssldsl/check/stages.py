"""Stages: the settings, what is trained, where weights come from, what is measured."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import define, evolve

from ssldsl.check import declarations, expressions, flow
from ssldsl.check.context import Context, StageDraft
from ssldsl.check.meanings import (
    UNKNOWN,
    Entries,
    Items,
    Loss,
    LossPart,
    Net,
    NetPart,
    Settings,
    StageRef,
    StreamRef,
    describe,
)
from ssldsl.check.nodes import Constant, Duration, Node, Scalar
from ssldsl.check.operators import is_number, is_scalar
from ssldsl.check.program import Configured, Evaluation, InitFrom, Stage, Term
from ssldsl.check.scope import Scope
from ssldsl.errors import Note, did_you_mean
from ssldsl.ops.schema import check_settings
from ssldsl.source import Span
from ssldsl.syntax import tree

if TYPE_CHECKING:
    from ssldsl.check.edits import LossEdits

CHOICES: Mapping[str, tuple[str, ...]] = {
    "forward": ("concat", "separate"),
    "precision": ("fp32", "bf16", "fp16"),
    "statistics": ("global", "local"),
}
STAGE_SETTINGS = (
    "loss",
    "optimizer",
    "groups",
    "batch",
    "run",
    "clock",
    "average",
    "clip",
    "accumulate",
    "compile",
    "evaluate",
    *CHOICES,
)
SHARED_SETTINGS = ("seed", "precision", "compile", "statistics", "evaluate", "forward")  # may stand above the stages
DEFAULT_BATCH = 64


@define(eq=False)
class Reader:
    """Reads one stage."""

    ctx: Context
    name: str
    scope: Scope
    settings: dict[str, tree.Setting]
    span: Span
    edits: "LossEdits"
    edited: bool = False

    def value(self, name: str) -> Any:
        """The meaning of a setting; `None` where the spec does not say."""
        setting = self.settings.get(name)
        return None if setting is None else expressions.evaluate(self.ctx, setting.value, self.scope)

    def place(self, name: str) -> Span:
        setting = self.settings.get(name)
        return setting.value.span if setting else self.span

    def error(self, code: str, name: str, message: str, label: str = "", help: str = "") -> None:
        self.ctx.reporter.error(code, self.place(name), message, label, help=help)


def split_settings(
    ctx: Context, statements: Iterable[tree.Statement], allowed: tuple[str, ...], known: Mapping[str, tree.Setting]
) -> dict[str, tree.Setting]:
    """The settings among some statements, by name; unknown and repeated ones are reported."""
    found: dict[str, tree.Setting] = {}
    for statement in statements:
        if not isinstance(statement, tree.Setting):
            continue
        name = statement.name.id
        if name not in allowed:
            elsewhere = name in STAGE_SETTINGS
            message = f"`{name}` belongs to a stage" if elsewhere else f"there is no setting `{name}`"
            help = "write it inside a stage" if elsewhere else did_you_mean(name, allowed)
            ctx.reporter.error(
                "D508" if elsewhere else "N206",
                statement.name.span,
                message,
                "",
                help=help or f"settings are: {', '.join(allowed)}; to name a value, write `let {name} = ...`",
            )
        elif name in found:
            ctx.reporter.error(
                "N202",
                statement.name.span,
                f"`{name}` is set twice",
                "set again here",
                notes=(Note(found[name].name.span, "first set here"),),
            )
        else:
            found[name] = statement
    return {**known, **found}


def read_stage(
    ctx: Context,
    name: str,
    after: tuple[str, ...],
    body: tuple[tree.Statement, ...],
    scope: Scope,
    settings: dict[str, tree.Setting],
    span: Span,
    edits: "LossEdits",
    edited: bool,
) -> Stage | None:
    """One stage, checked; nothing where its loss or its length is missing or wrong."""
    ctx.stage = StageDraft(name)
    reader = Reader(ctx, name, scope, settings, span, edits, edited)
    try:
        terms = _terms(reader)
        declarations.read_all(ctx, scope)
        run, batch, clock = _run(reader), _batch(reader, terms or []), ""
        if batch is not None:
            clock = _clock(reader, batch)
        evaluations = _evaluations(reader, body)
        return _assemble(reader, after, body, terms, run, batch, clock, evaluations)
    finally:
        ctx.stage = None


def _assemble(
    reader: Reader,
    after: tuple[str, ...],
    body: tuple[tree.Statement, ...],
    terms: list[Term] | None,
    run: Duration | None,
    batch: dict[str, int] | None,
    clock: str,
    evaluations: list[Evaluation],
) -> Stage | None:
    ctx = reader.ctx
    init = _init(reader, body, after)
    train = _train(reader, body, terms or [])
    optimizer = _optimizer(reader)
    groups = _groups(reader, optimizer, [p for p, _ in train])
    choices = {name: _choice(reader, name, options) for name, options in CHOICES.items()}
    average = _average(reader)
    clip, accumulate, compiled = _clip(reader), _accumulate(reader), _flag(reader, "compile")
    evaluate = _duration(reader, "evaluate") or Duration(1, "ep")
    if terms is None or run is None or batch is None:
        return None
    trained = frozenset(p if p in ctx.modules else p.rsplit(".", 1)[0] for p, _ in train)
    initialised = frozenset(m for i in init for m in i.modules)
    flow.check_terms(ctx, terms, trained)
    if any(isinstance(s, tree.Train) for s in body):
        flow.check_reached(ctx, train, terms)
    flow.check_merging(ctx, choices["forward"], reader.place("loss"))
    flow.check_frozen(ctx, terms, trained, initialised, reader.place("loss"))
    scalars: list[tuple[Scalar, Span]] = [(t.weight, t.span) for t in terms]
    scalars += [(v, reader.place("optimizer")) for _, v in optimizer.settings if is_scalar(v) and not is_number(v)]
    flow.check_ramps(ctx, scalars, run)
    return Stage(
        reader.name,
        after,
        tuple(p for p, _ in train),
        tuple(init),
        tuple(terms),
        optimizer,
        groups,
        tuple(batch.items()),
        clock,
        run,
        choices["forward"] or "concat",
        average,
        tuple(evaluations),
        clip,
        accumulate,
        choices["precision"] or "fp32",
        compiled,
        choices["statistics"] or "global",
        evaluate,
        reader.span,
    )


# --- the loss ---------------------------------------------------------------------------------------------------


def _terms(reader: Reader) -> list[Term] | None:
    ctx = reader.ctx
    if "loss" not in reader.settings:
        ctx.reporter.error(
            "D504", reader.span, f"stage `{reader.name}` has no loss", "", help="for example `loss = ce(labeled)`"
        )
        return None
    value = reader.value("loss")
    if value is UNKNOWN:
        return None
    if isinstance(value, Items):
        reader.error(
            "T315",
            "loss",
            f"the loss is a list of {len(value.values)} numbers",
            "one for every stream of a join",
            "reduce it: `mean(...)` gives every stream the same say",
        )
        return None
    if not isinstance(value, Loss):
        help = f"read it through a loss: `ce({reader.place('loss').text})`" if isinstance(value, StreamRef) else ""
        reader.error("T315", "loss", f"a loss is a sum of terms, found {describe(value)}", "", help)
        return None
    parts = _numbered(ctx, value.parts)
    parts = _edited(reader, parts)
    _weigh_lint(reader, parts)
    return [Term(p.name, p.weight, p.node, p.span) for p in parts]


def _numbered(ctx: Context, parts: tuple[LossPart, ...]) -> list[LossPart]:
    """Terms with names of their own: a repeated function name gets a number, a repeated `as` is an error."""
    seen: dict[str, int] = {}
    result = []
    for part in parts:
        if part.named and part.name in seen:
            ctx.reporter.error("N202", part.span, f"two terms are called `{part.name}`", "the second one")
        seen[part.name] = count = seen.get(part.name, 0) + 1
        result.append(part if count == 1 else evolve(part, name=f"{part.name}_{count}"))
    return result


def _edited(reader: Reader, parts: list[LossPart]) -> list[LossPart]:
    names = [p.name for p in parts]
    for stage, term, span in reader.edits.drops:
        if stage in ("", reader.name):
            if term in names:
                parts = [p for p in parts if p.name != term]
                reader.edits.met.add(span)
            elif stage:
                _no_term(reader, term, names, span)
    for stage, term, expr, span in reader.edits.weights:
        if stage in ("", reader.name):
            if term not in names:
                if stage:
                    _no_term(reader, term, names, span)
                continue
            reader.edits.met.add(span)
            weight = expressions.evaluate(reader.ctx, expr, reader.scope)
            if is_scalar(weight):
                scalar: Scalar = Constant(float(weight)) if is_number(weight) else weight
                parts = [evolve(p, weight=scalar) if p.name == term else p for p in parts]
            elif weight is not UNKNOWN:
                reader.ctx.reporter.error(
                    "T302", expr.span, f"a weight is a number or a schedule, found {describe(weight)}", ""
                )
    if not parts:
        reader.ctx.reporter.error(
            "D504", reader.edits.drops[-1][2], f"without `{reader.edits.drops[-1][1]}` nothing is left of the loss", ""
        )
    return parts


def _no_term(reader: Reader, term: str, names: list[str], span: Span) -> None:
    reader.ctx.reporter.error(
        "N210",
        span,
        f"the loss of stage `{reader.name}` has no term `{term}`",
        "",
        help=did_you_mean(term, names) or f"its terms are: {', '.join(names)}",
    )


def _weigh_lint(reader: Reader, parts: list[LossPart]) -> None:
    if parts and all(p.weight == Constant(0.0) for p in parts):
        reader.ctx.reporter.warning(
            "L603", reader.place("loss"), "every term has the weight 0", "nothing will be learned"
        )


# --- lengths and sizes ------------------------------------------------------------------------------------------


def _duration(reader: Reader, name: str) -> Duration | None:
    value = reader.value(name)
    if value is None or value is UNKNOWN:
        return None
    if not isinstance(value, Duration):
        shown = f"a bare number `{reader.place(name).text}`" if is_number(value) else describe(value)
        number = reader.place(name).text if is_number(value) else "10"
        reader.error(
            "D501",
            name,
            f"`{name}` wants a duration, found {shown}",
            "in what unit?",
            f"write `{number}ep` (passes over the clock stream) or `{number}it` (steps)",
        )
        return None
    if value.unit == "%":
        reader.error("D510", name, f"`{name}` cannot be a share of itself", "of what?", "write it in `ep` or `it`")
        return None
    if value.value <= 0:
        reader.error("T303", name, f"`{name}` lasts longer than 0, found {value}")
        return None
    return value


def _run(reader: Reader) -> Duration | None:
    if "run" not in reader.settings:
        reader.ctx.reporter.error(
            "D504",
            reader.span,
            f"stage `{reader.name}` does not say how long it runs",
            "",
            help="for example `run = 30ep` (passes over the clock stream) or `run = 500it` (steps)",
        )
        return None
    return _duration(reader, "run")


def _batch(reader: Reader, terms: list[Term]) -> dict[str, int] | None:
    read = (n for n in flow.ancestors(t.node for t in terms) if n.op in ("draw", "rows"))
    used = list(dict.fromkeys(str(n.setting("stream")) for n in read))
    value = reader.value("batch")
    if value is None:
        return dict.fromkeys(used, DEFAULT_BATCH)
    if value is UNKNOWN:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return dict.fromkeys(used, value)
    if not isinstance(value, Entries):
        names = ", ".join(f"{u}: {DEFAULT_BATCH}" for u in used) or "labeled: 64"
        reader.error(
            "D505",
            "batch",
            f"`batch` gives every stream its rows, found {describe(value)}",
            "",
            f"`batch = {{{names}}}`",
        )
        return None
    rows: dict[str, int] = {}
    good = True
    for (name, count), (key, place) in zip(value.values, value.spans, strict=True):
        good &= _batch_entry(reader, name, count, key, place, used)
        rows[name] = count
    missing = [u for u in used if u not in rows]
    if missing and good:
        reader.error(
            "D505",
            "batch",
            f"`batch` does not say how many rows of `{missing[0]}` a step takes",
            "",
            f"add `{missing[0]}: {DEFAULT_BATCH}`",
        )
        return None
    return rows if good else None


def _batch_entry(reader: Reader, name: str, count: Any, key: Span, place: Span, used: list[str]) -> bool:
    ctx = reader.ctx
    draft = ctx.streams.get(name)
    if draft is None and _is_broken_stream(reader, name):
        return False
    if draft is None:
        ctx.reporter.error("D505", key, f"there is no stream `{name}`", "", help=did_you_mean(name, ctx.streams))
        return False
    if draft.parts or draft.base:
        parts = draft.parts or (draft.base,)
        what = "a join of other streams" if draft.parts else "a view of another stream"
        ctx.reporter.error(
            "D505",
            key,
            f"`{name}` is {what}, and has no rows of its own",
            "",
            help=f"give the rows of {', '.join(f'`{p}`' for p in parts)}",
        )
        return False
    if count is UNKNOWN:
        return False
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        ctx.reporter.error("D505", place, f"rows of `{name}` are a whole number above 0, found {describe(count)}", "")
        return False
    if name not in used and not reader.edited and not _is_clock(reader, name):
        ctx.reporter.warning("L607", key, f"no loss of stage `{reader.name}` reads `{name}`", "drawn for nothing")
    return True


def _is_broken_stream(reader: Reader, name: str) -> bool:
    """A stream that is declared, and whose own line has been reported."""
    binding = reader.scope.find(name)
    return binding is not None and binding.value is UNKNOWN


def _is_clock(reader: Reader, name: str) -> bool:
    setting = reader.settings.get("clock")
    return setting is not None and isinstance(setting.value, tree.Ref) and setting.value.id == name


def _clock(reader: Reader, batch: dict[str, int]) -> str:
    """The stream whose pass is an epoch; by default the first that `batch` names."""
    value = reader.value("clock")
    if value is None or value is UNKNOWN:
        return next(iter(batch), "")
    if not isinstance(value, StreamRef) or value.name not in batch:
        names = ", ".join(f"`{n}`" for n in batch)
        found = describe(value)
        reader.error(
            "D506", "clock", f"`clock` names a stream that `batch` draws, found {found}", "", f"one of {names}"
        )
        return next(iter(batch), "")
    return value.name


# --- what is trained, and from where ----------------------------------------------------------------------------


def _paths(reader: Reader, exprs: Iterable[tree.Expr], statement: str) -> list[tuple[str, Span]]:
    ctx = reader.ctx
    found: list[tuple[str, Span]] = []
    for expr in exprs:
        known = _def_head(ctx, expr)
        if known:
            found.append((known, expr.span))
            continue
        value = expressions.evaluate(ctx, expr, reader.scope)
        if isinstance(value, Net):
            for part in value.parts:
                assert isinstance(part, NetPart)
                path = f"{part.path}.{part.part}" if part.part else part.path
                if not _may_train(reader, part.path, expr.span, statement):
                    continue
                found.append((path, expr.span))
        elif value is not UNKNOWN:
            ctx.reporter.error("D408", expr.span, f"`{statement}` names networks, found {describe(value)}", "")
    return found


def _def_head(ctx: Context, expr: tree.Expr) -> str:
    """`rotation.angles`: a head that a definition declares."""
    if isinstance(expr, tree.Attribute) and isinstance(expr.value, tree.Ref):
        path = f"{expr.value.id}.{expr.name.id}"
        if path in ctx.modules:
            return path
    return ""


def _may_train(reader: Reader, path: str, span: Span, statement: str) -> bool:
    draft = reader.ctx.modules[path]
    if draft.average_of and statement == "train":
        reader.ctx.reporter.error(
            "D408",
            span,
            f"`{path}` is a moving average of `{draft.average_of}` and has no gradient",
            "cannot be trained",
            help=f"train `{draft.average_of}`; the average follows",
        )
        return False
    return True


def _train(reader: Reader, body: tuple[tree.Statement, ...], terms: list[Term]) -> list[tuple[str, Span]]:
    written = [s for s in body if isinstance(s, tree.Train)]
    if written:
        return _paths(reader, [n for s in written for n in s.nets], "train")
    live = frozenset[str]().union(*(t.node.live for t in terms))
    return [(p, reader.span) for p in reader.ctx.modules if p in live]


def _init(reader: Reader, body: tuple[tree.Statement, ...], after: tuple[str, ...]) -> list[InitFrom]:
    found = []
    for statement in body:
        if not isinstance(statement, tree.Init):
            continue
        origin = expressions.evaluate(reader.ctx, statement.origin, reader.scope)
        paths = tuple(p for p, _ in _paths(reader, statement.nets, "init"))
        if isinstance(origin, str):
            origin = StageRef(file=origin)
        if origin is UNKNOWN:
            continue
        if not isinstance(origin, StageRef):
            reader.ctx.reporter.error(
                "D507",
                statement.origin.span,
                f"weights come from a stage or a file, found {describe(origin)}",
                "",
                help='for example `init encoder from pretrain`, or `from weights("resnet50.safetensors")`',
            )
            continue
        if origin.stage and not _before(reader, origin, after, statement, paths):
            continue
        found.append(InitFrom(paths, origin.stage, origin.average, origin.file, statement.span))
    return found


def _before(
    reader: Reader, origin: StageRef, after: tuple[str, ...], statement: tree.Init, paths: tuple[str, ...]
) -> bool:
    ctx = reader.ctx
    if origin.stage not in _ancestry(ctx, after):
        ctx.reporter.error(
            "D503",
            statement.origin.span,
            f"stage `{reader.name}` does not come after `{origin.stage}`",
            "",
            help=f"write `stage {reader.name} after {origin.stage} {{`",
        )
        return False
    stage = ctx.stages.get(origin.stage)
    if stage is None:
        return False
    if origin.average and stage.average is None:
        ctx.reporter.error(
            "D507",
            statement.origin.span,
            f"stage `{origin.stage}` keeps no average",
            "",
            help=f"give it one: `average = polyak(half_life=1ep)`, or write `from {origin.stage}`",
        )
        return False
    return True


def _ancestry(ctx: Context, after: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    todo = list(after)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(ctx.stages[name].after if ctx.stages.get(name) else ())
    return found


# --- optimiser and choices --------------------------------------------------------------------------------------


def _optimizer(reader: Reader) -> Configured:
    value = reader.value("optimizer")
    if isinstance(value, Settings) and value.op not in ("polyak", "swa"):
        return Configured(value.op, value.values, value.span)
    if value is not None and value is not UNKNOWN:
        reader.error(
            "T310",
            "optimizer",
            f"`optimizer` wants an optimizer, found {describe(value)}",
            "",
            "for example `sgd(lr=0.1 * cosine(), momentum=0.9)`",
        )
    signature = reader.ctx.signature("sgd")
    assert signature is not None
    if value is None:
        settings, _ = check_settings(
            signature, {"lr": (0.03, reader.span), "momentum": (0.9, reader.span)}, reader.span
        )
        return Configured("sgd", tuple((s.name, settings[s.name]) for s in signature.settings))
    return Configured("sgd", ())


def _groups(
    reader: Reader, optimizer: Configured, trained: list[str]
) -> tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]:
    """`groups = {classes: {lr: 0.5}}`: optimizer settings of single modules."""
    value = reader.value("groups")
    if value is None or value is UNKNOWN:
        return ()
    if not isinstance(value, Entries) or not all(isinstance(v, Entries) for _, v in value.values):
        reader.error(
            "D509",
            "groups",
            f"`groups` maps networks to settings, found {describe(value)}",
            "",
            "`groups = {classes: {lr: 0.5, weight_decay: 0}}`",
        )
        return ()
    signature = reader.ctx.signature(optimizer.op)
    assert signature is not None
    found = []
    for (name, given), (key, place) in zip(value.values, value.spans, strict=True):
        if name not in trained:
            reader.ctx.reporter.error(
                "D509", key, f"`{name}` is not trained in stage `{reader.name}`", "", help=did_you_mean(name, trained)
            )
            continue
        own = {k: (v, spans[0]) for (k, v), spans in zip(given.values, given.spans, strict=True)}
        base = {k: (v, place) for k, v in optimizer.settings if k not in own}
        settings, problems = check_settings(signature, base | own, place)
        for problem in problems:
            reader.ctx.reporter.report(problem)
        if not problems:
            found.append((name, tuple((k, settings[k]) for k in own)))
    return tuple(found)


def _choice(reader: Reader, name: str, options: tuple[str, ...]) -> str:
    """A setting that is one of a few words; empty where the spec does not say."""
    setting = reader.settings.get(name)
    if setting is None:
        return ""
    word = (
        setting.value.id
        if isinstance(setting.value, tree.Ref)
        else setting.value.value
        if isinstance(setting.value, tree.String)
        else ""
    )
    if word in options:
        return word
    reader.error(
        "T302",
        name,
        f"`{name}` is {' or '.join(options)}, found `{setting.value.span.text}`",
        "",
        did_you_mean(word, options) if word else "",
    )
    return options[0]


def _average(reader: Reader) -> Configured | None:
    value = reader.value("average")
    if value is None or value is UNKNOWN:
        return None
    if isinstance(value, Settings) and value.op in ("polyak", "swa"):
        return Configured(value.op, value.values, value.span)
    reader.error(
        "T310",
        "average",
        f"`average` wants an average of the weights, found {describe(value)}",
        "",
        "for example `polyak(half_life=1ep)` or `swa(start=75%)`",
    )
    return None


def _number(reader: Reader, name: str, holds: Callable[[Any], bool], wanted: str) -> Any:
    value = reader.value(name)
    if value is None or value is UNKNOWN or holds(value):
        return None if value is UNKNOWN else value
    reader.error("T302", name, f"`{name}` is {wanted}, found {describe(value)}")
    return None


def _clip(reader: Reader) -> float | None:
    value = _number(
        reader, "clip", lambda v: is_number(v) and v > 0, "the largest norm of the gradient, a number above 0"
    )
    return None if value is None else float(value)


def _accumulate(reader: Reader) -> int:
    value = _number(
        reader,
        "accumulate",
        lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 1,
        "a whole number of parts of a batch",
    )
    return value or 1


def _flag(reader: Reader, name: str) -> bool:
    return bool(_number(reader, name, lambda v: isinstance(v, bool), "true or false"))


# --- evaluation -------------------------------------------------------------------------------------------------


def _evaluations(reader: Reader, body: tuple[tree.Statement, ...]) -> list[Evaluation]:
    ctx = reader.ctx
    assert ctx.stage is not None
    ctx.stage.whole = True
    found: list[Evaluation] = []
    for statement in body:
        if isinstance(statement, tree.Eval):
            evaluation = _evaluation(reader, statement)
            if evaluation is not None:
                twins = sum(e.name.split("#")[0] == evaluation.name for e in found)
                found.append(evolve(evaluation, name=f"{evaluation.name}#{twins + 1}") if twins else evaluation)
    ctx.stage.whole = False
    return found


def _evaluation(reader: Reader, statement: tree.Eval) -> Evaluation | None:
    expr = statement.value
    name = expr.name.id if isinstance(expr, tree.Named) else ""
    if isinstance(expr, tree.Named):
        expr = expr.value
    value = expressions.evaluate(reader.ctx, expr, reader.scope)
    if value is UNKNOWN:
        return None
    signature = reader.ctx.signatures.get(value.op) if isinstance(value, Node) else None
    if not isinstance(value, Node) or signature is None or signature.role != "metrics":
        reader.ctx.reporter.error(
            "T310",
            expr.span,
            f"`eval` wants a metric, found {describe(value)}",
            "",
            help="for example `eval top1(images.test)`",
        )
        return None
    function = expr.function if isinstance(expr, tree.Call) else None
    called = function.id if isinstance(function, tree.Ref) else value.op
    return Evaluation(name or called, value, statement.span)
