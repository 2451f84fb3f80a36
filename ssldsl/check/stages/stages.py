"""Stages: their settings, read one after another and put together."""

from collections.abc import Iterable, Mapping

from ssldsl.check.evaluate import declarations
from ssldsl.check.rules import flow
from ssldsl.check.rules.earlier_stage import check_origins
from ssldsl.check.stages.batches import read_batch, read_clock, read_duration, read_run
from ssldsl.check.stages.choices import read_accumulate, read_choice, read_clip, read_flag
from ssldsl.check.stages.evaluations import check_pace, read_evaluations
from ssldsl.check.stages.losses import read_terms
from ssldsl.check.stages.training import begin_afresh, read_average, read_groups, read_init, read_optimizer, read_train
from ssldsl.check.state.context import Context, StageDraft
from ssldsl.check.state.loss_edits import LossEdits
from ssldsl.check.state.reader import Reader
from ssldsl.check.state.scope import Scope
from ssldsl.check.state.settings import CHOICES, STAGE_SETTINGS
from ssldsl.check.state.values import UNKNOWN
from ssldsl.errors import Note, did_you_mean
from ssldsl.ir.nodes import Duration, Scalar
from ssldsl.ir.program import Configured, Evaluation, Stage, Term
from ssldsl.ir.walk import ancestors, networks
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.values import is_number, is_scalar

_MEANT = {  # what people write who come from other tools
    **dict.fromkeys(("epochs", "max_epochs", "num_epochs"), "`run` says how long a stage is: `run = 30ep`"),
    **dict.fromkeys(("steps", "iterations", "max_steps"), "`run` says how long a stage is: `run = 500it`"),
    **dict.fromkeys(("lr", "learning_rate"), "it belongs to the optimizer: `optimizer = sgd(lr=0.1)`"),
    **dict.fromkeys(("momentum", "weight_decay"), "it belongs to the optimizer: `optimizer = sgd(lr=0.1, ...)`"),
    **dict.fromkeys(("scheduler", "schedule"), "the rate itself is a schedule: `optimizer = sgd(lr=0.1 * cosine())`"),
    **dict.fromkeys(("clip_grad", "grad_clip", "clip_norm", "max_norm"), "`clip` is the largest norm of the gradient"),
    **dict.fromkeys(("amp", "dtype", "fp16", "bf16"), "`precision` says what is computed with: `precision = bf16`"),
    **dict.fromkeys(("eval_every", "val_interval"), "`evaluate` says how often: `evaluate = 5%`"),
    "batch_size": "`batch` gives every stream its rows: `batch = {labeled: 64}`",
}


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
            if ctx.file_scope.find(name) is None:
                ctx.file_scope.bind(name, UNKNOWN, statement.name.span)  # perhaps a `let`: its uses are no new mistake
            elsewhere = name in STAGE_SETTINGS
            message = f"`{name}` belongs to a stage" if elsewhere else f"there is no setting `{name}`"
            help = "write it inside a stage" if elsewhere else _MEANT.get(name, "") or did_you_mean(name, allowed)
            ctx.reporter.error(
                "D508" if elsewhere else "N206",
                statement.name.span,
                message,
                "",
                help=help or f"to name a value, write `let {name} = ...`; settings are: {', '.join(allowed)}",
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
    edits: LossEdits,
    edited: bool,
) -> Stage | None:
    """One stage, checked; nothing where its loss or its length is missing or wrong."""
    ctx.stage = StageDraft(name)
    reader = Reader(ctx, name, scope, settings, span, edits, edited)
    try:
        terms = read_terms(reader)
        declarations.read_all(ctx, scope)
        run, batch = read_run(reader), read_batch(reader, terms)
        clock = read_clock(reader, batch)
        evaluations = read_evaluations(reader, body)
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
    init = read_init(reader, body, after)
    train = read_train(reader, body, terms)
    optimizer = read_optimizer(reader)
    groups = read_groups(reader, optimizer, None if train is None else [p for p, _ in train])
    choices = {name: read_choice(reader, name, options) for name, options in CHOICES.items()}
    average = read_average(reader)
    clip, is_per_tensor = read_clip(reader)
    accumulate, compiled = read_accumulate(reader), read_flag(reader, "compile")
    evaluate = read_duration(reader, "evaluate") or Duration(1, "ep")
    if terms is None or run is None or batch is None or train is None:
        return None
    trained = frozenset(p if p in ctx.modules else p.rsplit(".", 1)[0] for p, _ in train)
    initialised = frozenset(m for i in init for m in i.modules)
    flow.check_terms(ctx, terms, trained)
    check_origins(reader, after, [*(t.node for t in terms), *(e.node for e in evaluations)])
    if any(isinstance(s, tree.Train) for s in body):
        flow.check_reached(ctx, train, terms)
    flow.check_memories(ctx, terms, batch)
    flow.check_samples(ctx, terms, batch)
    flow.check_sizes(ctx, terms)
    flow.check_merging(ctx, choices["forward"], reader.place("loss"))
    if not ctx.reporter.failed:
        flow.check_frozen(ctx, terms, trained, initialised, reader.place("loss"))
    scalars: list[tuple[Scalar, Span]] = [(t.weight, t.span) for t in terms]
    optimizer = optimizer or Configured("sgd", ())
    scalars += [(v, reader.place("optimizer")) for _, v in optimizer.settings if is_scalar(v) and not is_number(v)]
    flow.check_ramps(ctx, scalars, run)
    waits = [("freeze", v, reader.place("groups")) for _, own in groups for n, v in own if n == "freeze"]
    if average is not None:
        waits += [("start", v, reader.place("average")) for n, v in average.settings if n == "start"]
    flow.check_waits(ctx, waits, terms, run)
    check_pace(reader, evaluations, run, batch, clock)
    return Stage(
        reader.name,
        after,
        tuple(p for p, _ in train),
        tuple(begin_afresh(reader, init, _networks(terms, evaluations))),
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
        tuple((name, setting.value.span) for name, setting in reader.settings.items()),
        is_per_tensor,
    )


def _networks(terms: list[Term], evaluations: list[Evaluation]) -> set[str]:
    """The modules that a stage runs; those that follow others as averages begin with them."""
    return networks(ancestors([*(t.node for t in terms), *(e.node for e in evaluations)]))
