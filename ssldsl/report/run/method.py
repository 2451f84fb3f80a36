"""The method of a run, checked once more from what its folder holds: for its drawing and for its schedules."""

from pathlib import Path

from attrs import field, frozen
from markupsafe import Markup

from ssldsl.check import check
from ssldsl.drawing import draw
from ssldsl.errors import InternalError, SpecError
from ssldsl.ir.program import Program
from ssldsl.ops.library import Library
from ssldsl.ops.signature import Signature
from ssldsl.runtime.folder.request import Request
from ssldsl.runtime.folder.run_folder import RESOLVED
from ssldsl.source import Source


@frozen
class Method:
    """The checked program, or why there is none."""

    program: Program | None
    reason: str = ""

    def drawing(self) -> tuple[Markup | None, str]:
        """The picture as SVG, or why there is none."""
        if self.program is None:
            return None, self.reason
        try:
            return Markup(draw(self.program, "svg")), ""  # the drawing escapes what it takes from the spec
        except InternalError as error:
            return None, str(error)


@frozen
class ProgramOps:
    """The ops of a program, by name, with those that its author wrote; else those of the library."""

    program: Program | None
    _shipped: list[Library] = field(factory=list, eq=False, repr=False)

    def get(self, name: str) -> Signature | None:
        found = self.program.signatures.get(name) if self.program is not None else None
        if found is None:
            if not self._shipped:
                self._shipped.append(Library.shipped())
            found = self._shipped[0].get(name)
        return found


def read_method(folder: Path) -> Method:
    """The program of a run: of its request if that can still be checked, else of `resolved.ssl`."""
    reasons = []
    for attempt in (_requested, _resolved):
        try:
            return Method(attempt(folder))
        except OSError as error:
            reasons.append(f"{Path(str(error.filename)).name} cannot be read")
        except SpecError as error:
            reasons.append(error.diagnostics[0].message)
    return Method(None, "; ".join(dict.fromkeys(reasons)))


def _requested(folder: Path) -> Program:
    """What was asked for, with its edits. Files that it uses are looked for where they were."""
    return Request.read(folder).checked().unwrap()


def _resolved(folder: Path) -> Program:
    """The experiment as it was written out when the run began."""
    path = folder / RESOLVED
    return check(Source(str(path), path.read_text(encoding="utf-8"))).unwrap()
