"""Rounds: `stage refine[5] after warm { ... }` is written out as the stages `refine.0` to `refine.4`.

All that follows knows stages alone. A stage is a round by its name: in `refine.2`, `round` is 2 and `previous` is the
stage that it comes after. One may as well write the rounds out by hand, as `resolve` does.
"""

import re
from collections.abc import Iterable, Sequence

from attrs import evolve

from ssldsl.check.messages import rounds as round_messages
from ssldsl.check.state.budget import Budget, TooLarge
from ssldsl.check.state.reporter import Reporter
from ssldsl.check.state.rounds import rounds_of
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.values import is_number

Edit = tree.SetEdit | tree.DropEdit
ROUND = 2000  # units of the budget: reading a stage takes about as long as reading so many numbers


def written_out(
    file: tree.File, edits: Sequence[Edit], reporter: Reporter, budget: Budget, at_most: int | None = None
) -> tree.File:
    """The file with every round as a stage of its own; `TooLarge` where they are too many, which is reported.

    edits: they may change the param that is the number of rounds.
    at_most: so many rounds of a stage and no more, but for those that the text names by their numbers.
    """
    statements: list[tree.Statement] = []
    for statement in file.statements:
        if isinstance(statement, tree.StageDecl) and statement.rounds is not None:
            count = _count(file, edits, statement, statement.rounds, reporter)
            if ROUND * count > budget.left:
                reporter.report(round_messages.too_many_rounds(count, budget.left // ROUND, statement.rounds.span))
                raise TooLarge
            if at_most is not None:
                count = min(count, max(at_most, 1 + _highest_named(file, statement.name.id)))
            budget.spend(ROUND * count, reporter, statement.rounds.span)
            statements += [_round(statement, number) for number in range(count)]
        elif isinstance(statement, tree.StageDecl) and _misnumbered(statement, reporter):
            continue
        else:
            statements.append(statement)
    return evolve(file, statements=tuple(statements))


def _highest_named(file: tree.File, stage: str) -> int:
    """The highest number of a round that the text names, such as 7 for `refine.7`; -1 where it names none."""
    numbers = re.findall(rf"\b{re.escape(stage)}\.(\d+)", file.span.source.text)
    return max(map(int, numbers), default=-1)


def _count(
    file: tree.File, edits: Iterable[Edit], stage: tree.StageDecl, written: tree.Expr, reporter: Reporter
) -> int:
    """How many rounds: a whole number, or a param of the file that is one; 1 once it is reported to be none."""
    value, place = written, written.span
    if isinstance(written, tree.Ref):
        value, place = _param(file, edits, written)
    count = value.value if isinstance(value, tree.Number) else None
    if isinstance(count, int) and count > 0:
        return count
    reporter.report(round_messages.no_number_of_rounds(stage.name.id, place, is_number(count)))
    return 1


def _param(file: tree.File, edits: Iterable[Edit], name: tree.Ref) -> tuple[tree.Expr, Span]:
    """The value of a param, as the last edit leaves it; the name itself where it is no param of the file."""
    value: tree.Expr = name
    for statement in file.statements:
        if isinstance(statement, tree.Param) and statement.name.id == name.id:
            value = statement.value
    for edit in edits:
        if isinstance(edit, tree.SetEdit) and value is not name and [n.id for n in edit.path] == [name.id]:
            value = edit.value
    return value, value.span


def _misnumbered(stage: tree.StageDecl, reporter: Reporter) -> bool:
    """Whether a stage is named like a round without a whole number, such as `refine.2.5` or `refine.02`."""
    name, _, number = stage.name.id.partition(".")
    if not number or (number.isdigit() and str(int(number)) == number):
        return False
    reporter.report(round_messages.no_number_of_round(name, stage.name.span))
    return True


def _round(stage: tree.StageDecl, number: int) -> tree.StageDecl:
    """One round: the first comes after what the stage comes after, the others after the round before."""
    name = evolve(stage.name, id=f"{stage.name.id}.{number}")
    after = (evolve(stage.name, id=f"{stage.name.id}.{number - 1}"),) if number else stage.after
    return evolve(stage, name=name, after=after)


def after_last(file: tree.File) -> tree.File:
    """The file in which whoever comes after rounds comes after the last of them that no edit has dropped."""
    last = {name: rounds[-1].name.id for name, rounds in rounds_of(file).items()}

    def placed(statement: tree.Statement) -> tree.Statement:
        if not isinstance(statement, tree.StageDecl):
            return statement
        return evolve(statement, after=tuple(evolve(n, id=last.get(n.id, n.id)) for n in statement.after))

    return evolve(file, statements=tuple(map(placed, file.statements)))
