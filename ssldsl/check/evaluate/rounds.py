"""What rounds add to names: `refine` and `refine.2` in the file, `round` and `previous` in each of them."""

from ssldsl.check.messages import names
from ssldsl.check.messages import rounds as round_messages
from ssldsl.check.state.context import Context
from ssldsl.check.state.rounds import rounds_of, split_round
from ssldsl.check.state.scope import Scope
from ssldsl.check.state.values import UNKNOWN, RoundsRef, StageRef
from ssldsl.syntax import tree

WORDS = ("round", "previous")


def declare_rounds(ctx: Context, file: tree.File, scope: Scope) -> None:
    """Bind what stages are rounds of; it is a name like others, and hides no word of theirs."""
    for name, rounds in rounds_of(file).items():
        known, place = scope.own(name), rounds[0].name.span
        if known is not None:
            ctx.report(names.declared_twice(name, *sorted((place, known.span), key=lambda s: -s.start)))
            continue
        numbers = tuple(split[1] for r in rounds if (split := split_round(r.name.id)))
        scope.bind(name, RoundsRef(name, numbers), place)
        for word in WORDS:
            if (hidden := scope.own(word)) is not None:
                ctx.report(names.word_of_rounds(word, hidden.span, place))


def stage_scope(ctx: Context, stage: tree.StageDecl) -> Scope:
    """The scope of a stage; of a round, with its number and the stage before it."""
    split = split_round(stage.name.id)
    scope = Scope(parent=ctx.file_scope, round=stage.name.id if split else "")
    if split is not None:
        scope.bind("round", split[1], stage.name.span)
        if stage.after:
            scope.bind("previous", StageRef(stage.after[0].id), stage.after[0].span)
    return scope


def report_outside(ctx: Context, ref: tree.Ref, scope: Scope) -> None:
    """A word of rounds where it means nothing; once a stage, which then knows what its other uses lack."""
    while scope.parent not in (None, ctx.file_scope):
        scope = scope.parent
    if scope.round:
        ctx.report(round_messages.nothing_previous(scope.round, ref.span))
    else:
        ctx.report(round_messages.outside_of_rounds(ref.id, ref.span))
    for word in WORDS if scope is not ctx.file_scope else ():
        if scope.own(word) is None:
            scope.bind(word, UNKNOWN, ref.span)
