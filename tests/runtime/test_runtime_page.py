"""The page about the runtime says of every file and folder of it what that says of itself."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "ssldsl" / "runtime"


def first_sentence(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def test_the_table_of_the_runtime_is_current() -> None:
    files = {path.name: first_sentence(path) for path in RUNTIME.glob("*.py") if path.name != "__init__.py"}
    folders = {f"{path.parent.name}/": first_sentence(path) for path in RUNTIME.glob("*/__init__.py")}
    page = (ROOT / "docs" / "runtime.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", page, re.MULTILINE)) == {**files, **folders}
