"""The language carries the papers that come later: their specs lack ops of the library, and nothing else."""

import re
from pathlib import Path

import pytest

from ssldsl.check import check_everything
from ssldsl.errors import render
from ssldsl.ops.library import Library
from ssldsl.ops.reading import plain
from ssldsl.source import Source

SPECS = Path(__file__).parents[1] / "syntax" / "specs"
LATER = {
    "moam": {"five_crop"},
    "suave": {"prototypes", "sinkhorn", "swapped_cross_entropy", "lars"},
}
SIMPLER = {  # what stands in for ops whose signature is still to be designed
    "moam": {},
    "suave": {},
}


def present() -> set[str]:
    """The ops that the library has by now."""
    return {plain(name) for name in Library.shipped().names()}


def later_ops() -> str:
    """The file of signatures without those that the library has by now."""
    head, *ops = (Path(__file__).parent / "later_ops.py").read_text("utf-8").split("\n\n\n@op(")
    names = [plain(re.findall(r"^(?:def|class) (\w+)", op, flags=re.MULTILINE)[0]) for op in ops]
    return "\n\n\n@op(".join([head, *(op for op, name in zip(ops, names, strict=True) if name not in present())])


@pytest.mark.parametrize("name", LATER)
def test_a_spec_of_a_later_paper_lacks_only_ops(name: str) -> None:
    path = SPECS / f"{name}.ssl"
    found = check_everything(Source(str(path), path.read_text("utf-8"))).diagnostics
    assert {d.code for d in found} <= {"N201"}
    assert {d.span.text for d in found if d.span is not None} == {n for n in LATER[name] if plain(n) not in present()}


@pytest.mark.parametrize("name", LATER)
def test_with_these_ops_it_is_a_right_program_with_all_its_variants(name: str, tmp_path: Path) -> None:
    (tmp_path / "later_ops.py").write_text(later_ops(), "utf-8")
    text = (SPECS / f"{name}.ssl").read_text("utf-8").replace("ssl 1\n", 'ssl 1\nuse "later_ops.py"\n')
    for written, simpler in SIMPLER[name].items():
        assert written in text
        text = text.replace(written, simpler)
    found = check_everything(Source(str(tmp_path / f"{name}.ssl"), text))
    assert found.program is not None, "\n\n".join(render(d) for d in found.diagnostics)
    assert all(stage.terms and stage.train for stage in found.program.stages)
