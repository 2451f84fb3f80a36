"""Which stages are rounds: those whose name ends with a number, `refine.2`."""

from ssldsl.syntax import tree


def rounds_of(file: tree.File) -> dict[str, tuple[tree.StageDecl, ...]]:
    """The stages that are rounds, by what they are rounds of, in the order of their numbers."""
    found: dict[str, list[tree.StageDecl]] = {}
    for statement in file.statements:
        if isinstance(statement, tree.StageDecl) and (split := split_round(statement.name.id)):
            found.setdefault(split[0], []).append(statement)
    return {name: tuple(sorted(rounds, key=_number)) for name, rounds in found.items()}


def split_round(stage: str) -> tuple[str, int] | None:
    """`refine` and 2 of `refine.2`; nothing of a stage that is no round."""
    name, _, number = stage.partition(".")
    return (name, int(number)) if number.isdigit() else None


def _number(stage: tree.StageDecl) -> int:
    split = split_round(stage.name.id)
    return split[1] if split else 0
