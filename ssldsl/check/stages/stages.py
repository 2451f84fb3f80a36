"""Stages: their settings, read one after another and put together."""

from collections.abc import Iterable, Mapping

from ssldsl.check.evaluate import declarations
from ssldsl.check.rules import RULES
from ssldsl.check.stages.batches import read_batch, read_clock, read_duration, read_run
from ssldsl.check.stages.choices import read_accumulate, read_choice, read_clip, read_flag
from ssldsl.check.stages.evaluations import read_evaluations
from ssldsl.check.stages.losses import read_terms
from ssldsl.check.stages.training import begin_afresh, read_average, read_groups, read_init, read_optimizer, read_train
from ssldsl.check.state.context import Context, StageDraft
from ssldsl.check.state.reader import Reader
from ssldsl.check.state.settings import CHOICES, STAGE_SETTINGS
from ssldsl.check.state.values import UNKNOWN
from ssldsl.errors import Note, did_you_mean
from ssldsl.ir.nodes import Duration
from ssldsl.ir.program import Configured, Evaluation, Stage, Term
from ssldsl.ir.walk import ancestors, networks
from ssldsl.syntax import tree

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


def read_stage(reader: Reader) -> Stage | None:
    """One stage, checked; nothing where its loss or its length is missing or wrong."""
    ctx = reader.ctx
    ctx.stage = StageDraft(reader.name)
    try:
        stage = _read(reader)
        if stage is None:
            return None
        for rule in RULES:
            for diagnostic in rule(stage, reader):
                ctx.reporter.report(diagnostic)
        return stage
    finally:
        ctx.stage = None


def _read(reader: Reader) -> Stage | None:
    ctx = reader.ctx
    terms = read_terms(reader)
    declarations.read_all(ctx, reader.scope)
    run, batch = read_run(reader), read_batch(reader, terms)
    clock = read_clock(reader, batch)
    evaluations = read_evaluations(reader)
    init = read_init(reader)
    train = read_train(reader, terms)
    optimizer = read_optimizer(reader)
    groups = read_groups(reader, optimizer, train)
    choices = {name: read_choice(reader, name, options) for name, options in CHOICES.items()}
    average = read_average(reader)
    clip, is_per_tensor = read_clip(reader)
    accumulate, compiled = read_accumulate(reader), read_flag(reader, "compile")
    evaluate = read_duration(reader, "evaluate") or Duration(1, "ep")
    if terms is None or run is None or batch is None or train is None:
        return None
    return Stage(
        name=reader.name,
        after=reader.after,
        train=train,
        init=tuple(begin_afresh(reader, init, _networks(terms, evaluations))),
        terms=tuple(terms),
        optimizer=optimizer or Configured("sgd", ()),
        groups=groups,
        batch=tuple(batch.items()),
        clock=clock,
        run=run,
        forward=choices["forward"] or "concat",
        average=average,
        evaluations=tuple(evaluations),
        clip=clip,
        accumulate=accumulate,
        precision=choices["precision"] or "fp32",
        compile=compiled,
        statistics=choices["statistics"] or "global",
        evaluate=evaluate,
        span=reader.span,
        places=(*((name, setting.value.span) for name, setting in reader.settings.items()), *reader.places.items()),
        is_clip_per_tensor=is_per_tensor,
    )


def _networks(terms: list[Term], evaluations: list[Evaluation]) -> set[str]:
    """The modules that a stage runs; those that follow others as averages begin with them."""
    return networks(ancestors([*(t.node for t in terms), *(e.node for e in evaluations)]))
