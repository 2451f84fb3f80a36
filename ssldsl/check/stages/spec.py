"""The stages of a spec: which there are, in what order, and which settings stand above them."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ssldsl.check.evaluate import declarations, rounds
from ssldsl.check.messages import names, stages
from ssldsl.check.messages import rounds as round_messages
from ssldsl.check.stages.settings import ABOVE_STAGES, DEFAULTS, OF_A_STAGE, SETTINGS
from ssldsl.check.stages.stages import read_stage
from ssldsl.check.state.context import Context
from ssldsl.check.state.reader import Reader
from ssldsl.check.state.rounds import split_round
from ssldsl.check.state.values import UNKNOWN
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.source import Span
from ssldsl.syntax import tree

IMPLICIT = "main"  # the stage of a spec that declares none


def split_settings(
    ctx: Context, statements: Iterable[tree.Statement], allowed: Collection[str], known: Mapping[str, tree.Setting]
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
            if name in OF_A_STAGE:
                ctx.report(stages.outside_of_stages(name, statement.name.span))
            else:
                ctx.report(names.no_setting(name, allowed, statement.name.span))
        elif name in found:
            ctx.report(names.set_twice(name, statement.name.span, found[name].name.span))
        else:
            found[name] = statement
    return {**known, **found}


def read_stages(ctx: Context, file: tree.File) -> list[Stage]:
    """Every stage, each after those it follows; a spec without stages is one."""
    declared = [s for s in file.statements if isinstance(s, tree.StageDecl)]
    if not declared:
        settings, span = split_settings(ctx, file.statements, DEFAULTS, {}), _implicit_span(file)
        only = read_stage(Reader(ctx, IMPLICIT, (), file.statements, ctx.file_scope, settings, DEFAULTS, span))
        return [] if only is None else [only]
    shared = split_settings(ctx, file.statements, ABOVE_STAGES, {})
    _report_outside(ctx, file)
    for written in _ordered(ctx, declared):
        scope, name = rounds.stage_scope(ctx, written), written.name
        declarations.declare(ctx, written.body, scope)
        settings = split_settings(ctx, written.body, OF_A_STAGE, {n: s for n, s in shared.items() if n in OF_A_STAGE})
        after = tuple(n.id for n in written.after)
        reader = Reader(ctx, name.id, after, written.body, scope, settings, DEFAULTS, name.span)
        ctx.stages[name.id] = stage = read_stage(reader)
        ctx.trained |= ctx.owners(stage.train) if stage is not None else frozenset()
    return [stage for stage in ctx.stages.values() if stage is not None]


def read_spec_settings(ctx: Context, file: tree.File) -> dict[str, Any]:
    """The settings of the whole experiment: `seed`."""
    written = {s.name.id: s for s in reversed(file.statements) if isinstance(s, tree.Setting)}
    reader = Reader(ctx, "", (), file.statements, ctx.file_scope, written, DEFAULTS, file.span)
    return {row.name: row.read(reader, row.name) for row in SETTINGS if row.level == "spec"}


def _report_outside(ctx: Context, file: tree.File) -> None:
    """Statements of a stage that stand outside of all of them."""
    for statement in file.statements:
        if isinstance(statement, tree.Train | tree.Init | tree.Eval | tree.Watch | tree.Update):
            ctx.report(stages.outside_of_stages(type(statement).__name__.lower(), statement.span))


def _implicit_span(file: tree.File) -> Span:
    loss = next((s for s in file.statements if isinstance(s, tree.Setting) and s.name.id == "loss"), None)
    if loss is not None:
        return loss.span
    return file.statements[-1].span if file.statements else file.span


def _no_stage_before(name: tree.Name, known: Collection[str]) -> Diagnostic:
    split = split_round(name.id)
    siblings = [other for other in known if split and other.startswith(f"{split[0]}.")]
    if siblings:
        return round_messages.no_round(name.id, siblings, name.span)
    return stages.no_stage_before(name.id, known, name.span)


def _ordered(ctx: Context, declared: list[tree.StageDecl]) -> list[tree.StageDecl]:
    """Stages, each after those it follows; unknown names and circles are reported."""
    by_name = {s.name.id: s for s in declared}
    for stage in declared:
        for name in stage.after:
            if name.id not in by_name:
                ctx.report(_no_stage_before(name, by_name))
    waits = {name: {n.id for n in stage.after if n.id in by_name} for name, stage in by_name.items()}
    users: dict[str, list[str]] = {name: [] for name in by_name}
    for user, before in waits.items():
        for each in before:
            users[each].append(user)
    order = {name: number for number, name in enumerate(by_name)}
    done: list[tree.StageDecl] = []
    ready = [name for name, before in waits.items() if not before]
    while ready:
        done += [by_name[name] for name in ready]
        free = [user for name in ready for user in users[name] if _waits_no_more(waits[user], name)]
        ready = sorted(free, key=order.__getitem__)
    left = [stage for stage in by_name.values() if waits[stage.name.id]]
    if left:
        ctx.report(stages.circle_of_stages(left[0].name.id, left[0].name.span, [s.name.span for s in left[1:]]))
    return done


def _waits_no_more(before: set[str], name: str) -> bool:
    """Take a stage that is read from those that another waits for; gives whether it was the last."""
    before.discard(name)
    return not before
