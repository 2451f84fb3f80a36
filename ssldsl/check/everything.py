"""`check_everything`: a spec as it stands, with each of its variants, and at each point of its sweeps."""

from collections.abc import Iterator
from typing import Any

from attrs import evolve

from ssldsl import garbage
from ssldsl.check.checking import Checked, check
from ssldsl.check.messages import warnings
from ssldsl.check.state.budget import UNITS, Budget
from ssldsl.check.state.ranges import ends
from ssldsl.errors import Diagnostic
from ssldsl.ops.library import Library
from ssldsl.source import Source
from ssldsl.syntax import tree

POINT = UNITS // 100  # what the check of a variant or a point of a sweep costs at least


@garbage.kept()
def check_everything(source: Source, *, library: Library | None = None) -> Checked:
    """Check the spec as it stands, every variant, and every point of every sweep: what `ssldsl check` does."""
    *_, last = in_parts(source, library=library)
    return last


def in_parts(source: Source, *, library: Library | None = None) -> Iterator[Checked]:
    """What `check_everything` gives, a part at a time: first the spec as it stands, then with each variant and point.

    Each outcome holds what was found before it too. Whoever has something more urgent to do stops in between.
    """
    library = library or Library.shipped()
    base = check(source, library=library, may_be_shared=True)
    yield base
    if base.program is None:
        return
    found = list(base.diagnostics)
    seen = {_key(d) for d in found}
    points, left = list(_points(base.file)), UNITS
    for number, (where, arguments) in enumerate(points):
        if left <= 0:
            yield _with_found(base, [*found, _unchecked(base.file, number, len(points))])
            return
        budget = Budget()
        result = check(source, library=library, budget=budget, **arguments)
        left -= max(POINT, UNITS - budget.left)
        for diagnostic in result.diagnostics:
            if diagnostic.severity == "error" and _key(diagnostic) not in seen:
                seen.add(_key(diagnostic))
                found.append(_with_hint(diagnostic, where))
        yield _with_found(base, found)


def _with_found(base: Checked, found: list[Diagnostic]) -> Checked:
    """The outcome of a check with all that its variants and points showed."""
    failed = any(d.severity == "error" for d in found)
    return evolve(base, program=None if failed else base.program, diagnostics=tuple(found))


def _points(file: tree.File) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every variant and every point of a sweep: what a message calls it, and the arguments of `check` for it."""
    for statement in file.statements:
        if isinstance(statement, tree.Variant):
            yield f"in variant `{statement.name.id}`", {"variants": [statement.name.id]}
        if isinstance(statement, tree.Sweep):
            for edit in sweep_edits(statement):
                path = ".".join(n.id for n in edit.path)
                yield f"in the sweep, with `{path} = {edit.value.span.text}`", {"changes": [edit]}


def _key(diagnostic: Diagnostic) -> tuple[str, int]:
    """What two messages of one cause share."""
    return diagnostic.code, diagnostic.span.start if diagnostic.span else -1


def _unchecked(file: tree.File, checked: int, count: int) -> Diagnostic:
    """The variants and points of sweeps are too many to check them all."""
    last = [s for s in file.statements if isinstance(s, tree.Sweep | tree.Variant)][-1]
    return warnings.unchecked_points(checked, count, last.span)


def _with_hint(diagnostic: Diagnostic, where: str) -> Diagnostic:
    return Diagnostic(
        diagnostic.code,
        diagnostic.message,
        diagnostic.span,
        diagnostic.label,
        diagnostic.notes,
        (*diagnostic.hints, where),
        diagnostic.help,
        diagnostic.severity,
    )


def sweep_edits(sweep: tree.Sweep) -> list[tree.SetEdit]:
    """One edit for every point of a sweep; of a range for its ends, between which whatever is searched lies."""
    values = ends(sweep.values) if isinstance(sweep.values, tree.Call) else sweep.values.items
    return [tree.SetEdit(sweep.path, value, span=value.span) for value in values]
