"""The whole way of an experiment, step by step: text -> tree -> checked program -> graph -> plan -> run folder.

text --parse--> tree --check, with edits--> Program --lower, passes--> Plan --run--> run folder
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ssldsl.check import Checked, check
from ssldsl.check.edits.edits import Edit
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.ir.program import Program
from ssldsl.ops.library import Library
from ssldsl.source import Source

if TYPE_CHECKING:  # its pydantic models take time that `check` does not have
    from ssldsl.graph.plan import Plan


def read(path: str) -> Source:
    """The text of a spec; `-` reads standard input."""
    if path == "-":
        import sys

        return Source("<stdin>", sys.stdin.read())
    try:
        return Source(path, Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(Diagnostic("R301", f"there is no file `{path}`", help=_nearby(Path(path)))) from None
    except IsADirectoryError:
        raise SpecError(Diagnostic("R301", f"`{path}` is a folder, not a spec")) from None
    except UnicodeDecodeError:
        raise SpecError(Diagnostic("R301", f"`{path}` is not text in UTF-8")) from None


def _nearby(path: Path) -> str:
    from ssldsl.errors import did_you_mean

    folder = path.parent if path.parent.is_dir() else Path()
    names = [str(p) for p in folder.glob("*.ssl")]
    return did_you_mean(str(path), names)


def compose(
    source: Source,
    variants: Sequence[str] = (),
    changes: Sequence[Edit] = (),
    seed: int | None = None,
    library: Library | None = None,
) -> Checked:
    """The spec with variants and edits applied, checked."""
    return check(source, variants=variants, changes=changes, seed=seed, library=library)


def compile(
    program: Program, *, sizes: Mapping[str, int] | None = None, resident: frozenset[str] | None = None, level: int = 1
) -> "Plan":
    """The plan of a checked program. `sizes`: what only the data know. `level` 0: only passes that running needs."""
    from ssldsl.passes.planning import make_plan

    return make_plan(program, sizes=sizes or {}, resident=resident, level=level)
