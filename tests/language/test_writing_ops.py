"""`docs/ops.md`: every op of the page runs in the spec beside it, and its tables say what the program says."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import ssldsl
from ssldsl import cli
from ssldsl.ops.vocabulary import kind_rows, role_rows

PAGE = (Path(__file__).parents[2] / "docs" / "ops.md").read_text(encoding="utf-8")
CODE = re.compile(r"^```python\n(.*?)^```\n\n^```ssl\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = [(section.partition("\n")[0], *found) for section in PAGE.split("\n## ") for found in CODE.findall(section)]
HEAD = """\
ssl 1
use "my_ops.py"
data   images  = digits()
stream labeled = images.train.subset(100, seed=0)
stream all     = unlabel(images.train)
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, images.classes)
net    clf     = encoder >> classes
run    = 2it
"""


def test_every_section_with_code_has_a_spec_beside_it() -> None:
    assert len(EXAMPLES) == PAGE.count("```python") == PAGE.count("```ssl") >= 7


@pytest.mark.parametrize(("section", "ops", "spec"), EXAMPLES, ids=[section for section, _, _ in EXAMPLES])
def test_the_ops_of_the_page_run(section: str, ops: str, spec: str, tmp_path: Path) -> None:
    (tmp_path / "my_ops.py").write_text(f'"""Ops of a user."""\n\n{ops}', encoding="utf-8")
    streams = [name for name in ("labeled", "all", "bright") if re.search(rf"\b{name}\b", spec)]
    unused = "".join(f"{line}\n" for line in HEAD.splitlines() if _is_needed(line, spec))
    batch = f"batch = {{{', '.join(f'{name}: 10' for name in streams)}}}\nclock = {streams[-1]}\n"
    text = f"{unused}{spec}{batch}"
    experiment = ssldsl.loads(text, str(tmp_path / "spec.ssl"))
    run = experiment.run(tmp_path / "runs", smoke=True, progress=False, report=False)
    assert run.status == "finished"


def _is_needed(line: str, spec: str) -> bool:
    """Whether a line of the head is read by a spec: what nobody uses would be reported."""
    name = re.match(r"(?:stream|net|head)\s+(\w+)", line)
    return name is None or any(word in spec for word in (name[1], "ce(", "clf"))


def test_the_tables_are_those_of_the_program() -> None:
    for kind, meaning, takes in kind_rows():
        assert f"| `{kind}` | {meaning}{'; ' + takes if takes else ''} |" in PAGE
    for row in role_rows():
        assert f"| {' | '.join(row)} |" in PAGE


def test_roles_and_kinds_are_listed_by_the_command_line() -> None:
    done = CliRunner().invoke(cli.commands, ["ops", "--roles", "--kinds"], standalone_mode=False)
    lines = done.stdout.splitlines()
    assert next(line for line in lines if line.startswith("memory")).endswith("what it holds")
    assert any(line.startswith("Logits") and "unnormalized scores" in line for line in lines)
