"""The words of the checker have one home: `check/messages`, a function each."""

import ast
import re
from pathlib import Path

from ssldsl.check import messages

HOME = Path(messages.__file__).parent
CHECKER = HOME.parent
CORPUS = Path(__file__).parents[1] / "language" / "corpus"
ELSEWHERE = {path: path.read_text("utf-8") for path in CHECKER.rglob("*.py") if path.parent != HOME}


def test_no_code_is_written_outside_of_their_home() -> None:
    assert {p.name for p, text in ELSEWHERE.items() if re.search(r'"[NTDL]\d{3}"', text)} == set()


def test_every_message_is_said_somewhere() -> None:
    said = set(re.findall(r"\.(\w+)\(", "\n".join(ELSEWHERE.values())))
    assert {name for path in HOME.glob("[!_]*.py") for name in written(path)} - said == set()


def test_no_message_shows_a_mark_of_the_compiler() -> None:
    marked = re.compile(r"\w_[0-9a-f]{6}\b|\bB_\w+")
    assert {p.name for p in CORPUS.glob("*.txt") if marked.search(p.read_text("utf-8"))} == set()


def written(path: Path) -> list[str]:
    """The messages of a file: its public functions that give a diagnostic."""
    functions = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]
    return [f.name for f in functions if f.name[0] != "_" and f.returns and ast.unparse(f.returns) == "Diagnostic"]
