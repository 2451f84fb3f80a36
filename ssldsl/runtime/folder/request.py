"""What a run was asked for: its spec and edits as written, its seed, and how it is compiled."""

import json
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ssldsl.check import Checked, check
from ssldsl.check.edits.edits import Edit
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.runtime.folder.run_folder import REQUEST
from ssldsl.source import Source
from ssldsl.syntax.parser import parse_edit

_EDITS = ("variants", "sets", "drops")


@frozen
class Edits:
    """`--variant`, `--set` and `--drop` of a command, as written. False if there are none."""

    variants: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.variants or self.sets or self.drops)

    def changes(self) -> list[Edit]:
        """The edits beside variants, parsed."""
        return [*(parse_edit(text, "set") for text in self.sets), *(parse_edit(text, "drop") for text in self.drops)]


@frozen
class Request:
    """One run: a spec, its edits, a seed instead of the spec's, and how it is compiled."""

    spec: str
    text: str
    edits: Edits = field(factory=Edits)
    seed: int | None = None
    smoke: bool = False
    precision: str | None = None
    compiled: bool | None = None
    level: int = 1

    def checked(self) -> Checked:
        """The spec with its edits, checked."""
        source = Source(self.spec, self.text)
        return check(source, variants=self.edits.variants, changes=self.edits.changes(), seed=self.seed)

    def as_json(self) -> str:
        """The text of `request.json`."""
        values = {name: getattr(self, name) for name in Request.__annotations__ if name != "edits"}
        edits = {name: getattr(self.edits, name) for name in _EDITS}
        return json.dumps({**values, **edits, "started_in": str(Path.cwd())}, indent=1)

    @staticmethod
    def read(folder: Path) -> "Request":
        """What the run in a folder was asked for. Raises R303 where the folder does not say."""
        try:
            return _from_json(json.loads((folder / REQUEST).read_text(encoding="utf-8")))
        except OSError:
            message = f"{folder} is not the folder of a run: it has no {REQUEST}"
            help = "run folders lie in `runs` unless `--out` said otherwise"
        except (ValueError, KeyError, TypeError, AttributeError):
            message, help = f"the {REQUEST} of the run in {folder} is damaged", "put the file back, or start a new run"
        raise SpecError(Diagnostic("R303", message, help=help)) from None

    @property
    def stem(self) -> str:
        """What the run folder is called, without its number."""
        sets = (text.replace(" ", "") for text in self.edits.sets)
        edits = [*self.edits.variants, *sets, *(f"no-{text}" for text in self.edits.drops)]
        name = Path(self.spec).stem if self.spec != "<stdin>" else "stdin"
        parts = [name, *edits, *(["smoke"] if self.smoke else [])]
        return "-".join("".join(c if c.isalnum() or c in "._=-" else "_" for c in part) for part in parts)[:80]


def _from_json(values: dict[str, Any]) -> Request:
    edits = Edits(*(tuple(values.pop(name)) for name in _EDITS))
    started_in = Path(values.pop("started_in", ""))
    if started_in != Path.cwd():  # what the spec uses lies where it lay
        values["spec"] = str(started_in / values["spec"])
    return Request(edits=edits, **values)
