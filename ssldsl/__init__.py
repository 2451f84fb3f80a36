"""Semi- and self-supervised learning experiments as a small typed language, compiled to training graphs.

The names below are the package's interface, each imported when it is first used: `import ssldsl` stays light.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssldsl.api.experiment import Experiment as Experiment
    from ssldsl.api.experiment import load as load
    from ssldsl.api.experiment import loads as loads
    from ssldsl.api.magic import load_ipython_extension as load_ipython_extension
    from ssldsl.api.run import Run as Run
    from ssldsl.api.run import open_run as open_run
    from ssldsl.check import Checked as Checked
    from ssldsl.check.resolving import resolve as resolve
    from ssldsl.comparing.diff import diff as diff
    from ssldsl.drawing import draw as draw
    from ssldsl.errors import Diagnostic as Diagnostic
    from ssldsl.errors import SpecError as SpecError
    from ssldsl.ops import op as op
    from ssldsl.pipeline import compile as compile
    from ssldsl.pipeline import compose as compose
    from ssldsl.pipeline import read as read
    from ssldsl.source import Source as Source

__version__ = "0.1.0"

if not (Path(__file__).parent / "stdlib").is_dir():  # a clone without symbolic links: the folder at the root serves
    __path__.append(str(Path(__file__).parents[1]))

_HOMES = {
    "Checked": "ssldsl.check",
    "Diagnostic": "ssldsl.errors",
    "Experiment": "ssldsl.api.experiment",
    "Run": "ssldsl.api.run",
    "Source": "ssldsl.source",
    "SpecError": "ssldsl.errors",
    "compile": "ssldsl.pipeline",
    "compose": "ssldsl.pipeline",
    "diff": "ssldsl.comparing.diff",
    "draw": "ssldsl.drawing",
    "load": "ssldsl.api.experiment",
    "load_ipython_extension": "ssldsl.api.magic",
    "loads": "ssldsl.api.experiment",
    "op": "ssldsl.ops",
    "open_run": "ssldsl.api.run",
    "read": "ssldsl.pipeline",
    "resolve": "ssldsl.check.resolving",
}
__all__ = sorted([*_HOMES, "__version__"])


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `ssldsl` has no attribute `{name}`")
    return getattr(import_module(_HOMES[name]), name)
