"""Who goes through a graph by hand does so in `ssldsl/ir/walk.py`, and everybody else asks it or networkx."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "ssldsl"
APART = (
    "ir/walk.py",
    "syntax/",  # the tree of a text is no graph, and the parser's stacks are a parser's
    "drawing/placing.py",  # pools of neighbors, not ways through a graph
)


def stacks_taken_from(loop: ast.While) -> Iterator[str]:
    """The names that a loop runs on and takes from: `while stack: node = stack.pop()`."""
    tested = {node.id for node in ast.walk(loop.test) if isinstance(node, ast.Name)}
    for node in ast.walk(loop):
        if isinstance(node, ast.Attribute) and node.attr in ("pop", "popleft") and isinstance(node.value, ast.Name):
            yield from tested & {node.value.id}


def test_no_other_file_walks_by_hand() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        if not path.relative_to(PACKAGE).as_posix().startswith((*APART, "stdlib/", "specs/", "grammars/"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.While) and any(stacks_taken_from(node))
    ]
    assert found == []


def test_the_checker_does_without_networkx() -> None:
    code = "import sys; from ssldsl.check import check; sys.exit('networkx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
