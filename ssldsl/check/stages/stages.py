"""Stages: their settings, read one after another and put together."""

from ssldsl.check.evaluate import held
from ssldsl.check.rules import RULES
from ssldsl.check.stages.evaluations import read_evaluations
from ssldsl.check.stages.items import items_of, list_of
from ssldsl.check.stages.settings import OF_A_STAGE, SETTINGS
from ssldsl.check.stages.training import begin_afresh, read_init, read_train
from ssldsl.check.stages.updates import read_updates
from ssldsl.check.stages.watches import read_watches
from ssldsl.check.state.context import StageDraft
from ssldsl.check.state.reader import Reader
from ssldsl.ir.program import Evaluation, Stage, Term, WatchedNumber
from ssldsl.ir.walk import ancestors, networks


def read_stage(reader: Reader) -> Stage | None:
    """One stage, checked; nothing where its loss or its length is missing or wrong."""
    ctx = reader.ctx
    ctx.stage = StageDraft(reader.name)
    ctx.interner.begin_stage()
    try:
        stage = _read(reader)
        if stage is None:
            return None
        held.keep(ctx, stage, ctx.stage)
        for rule in RULES:
            for diagnostic in rule(stage, reader):
                ctx.reporter.report(diagnostic)
        return stage
    finally:
        ctx.stage = None


def _read(reader: Reader) -> Stage | None:
    ctx = reader.ctx
    for row in SETTINGS:
        if row.level != "spec":
            reader.found[row.name] = row.read(reader, row.name)
    assert ctx.stage is not None
    ctx.stage.averages = reader.found["average"] is not None
    terms: list[Term] | None = reader.found["loss"]
    ctx.stage.lists = None if terms is None else {t.name: path for t in terms if (path := list_of(ctx, t))}
    evaluations, init, train = read_evaluations(reader), read_init(reader), read_train(reader)
    several = read_updates(reader)
    settings = {name: value for name, value in reader.found.items() if name in OF_A_STAGE and name != "loss"}
    watches = (*read_watches(reader), *items_of(ctx, terms or ()))
    if terms is None or train is None or settings["run"] is None or settings["batch"] is None:
        return None
    return Stage(
        name=reader.name,
        after=reader.after,
        train=train,
        init=tuple(begin_afresh(reader, init, _networks([*terms, *watches, *evaluations]))),
        terms=tuple(terms),
        watches=watches,
        evaluations=tuple(evaluations),
        updates=several,
        span=reader.span,
        places=(*((name, setting.value.span) for name, setting in reader.settings.items()), *reader.places.items()),
        written=ctx.interner.written,
        **settings,
    )


def _networks(read: list[Term | WatchedNumber | Evaluation]) -> set[str]:
    """The modules that a stage runs; those that follow others as averages begin with them."""
    return networks(ancestors(root.node for root in read))
