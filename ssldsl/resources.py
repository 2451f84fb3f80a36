"""Where the shipped folders lie. Nothing else knows.

`stdlib`, `grammars` and `specs` stand at the root of the repository. Inside the package there are links to them, which
a wheel replaces by the folders themselves. Where a clone or an archive has lost the links, the folders at the root
serve.
"""

from functools import cache
from pathlib import Path


@cache
def package() -> Path:
    """The folder of the package."""
    root = Path(__file__).parent
    if not root.is_dir():
        raise RuntimeError(f"ssldsl must be installed in a folder, not in an archive: {root}")
    return root


def _shipped(name: str) -> Path:
    """A folder of the package, or the one beside the package where there is only what is left of a link."""
    inside = package() / name
    return inside if inside.is_dir() else package().parent / name


def stdlib() -> Path:
    """The standard library: `<role>/<op>.py` and `methods/<paper>.ssl`."""
    return _shipped("stdlib")


def specs() -> Path:
    """The shipped experiments."""
    return _shipped("specs")


def grammar() -> Path:
    """The grammar of the language."""
    return _shipped("grammars") / "ssl.lark"


def tables() -> Path:
    """The parse tables that a wheel ships beside the grammar; a checkout has none."""
    return grammar().with_suffix(".json")


def explanations() -> Path:
    """The pages that explain the codes of diagnostics."""
    return package() / "explanations"


def explanation(code: str) -> Path:
    """The page that explains a code of a diagnostic. It need not exist."""
    return explanations() / f"{code}.md"
