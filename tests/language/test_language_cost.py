"""What `check` costs: in proportion to the length of a spec, and without torch."""

import math
import re
import subprocess
import sys
from cProfile import Profile
from pathlib import Path

import pytest

from ssldsl.check import check
from ssldsl.source import Source

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "specs").glob("*.ssl"))
COPIED = ROOT / "specs" / "quickstart.ssl"
NAMES = re.compile(r"\b(?:data|stream|view|net|head|let|param|def|stage) +(\w+)")


def copies(text: str, count: int) -> str:
    """A spec of so many stages, each with all that the spec declares under names of its own."""
    text = text[text.index("ssl 1") + len("ssl 1") :]
    declared = set(NAMES.findall(text))
    whole = ["ssl 1"]
    for i in range(count):
        own = text
        for name in declared:
            own = re.sub(rf"(?<![.\w]){name}\b", f"{name}{i}", own)
        for method, argument in (("ce", "net"), ("vat", "net"), ("top1", "net"), ("confusion_matrix", "net")):
            own = re.sub(rf"\b{method}\(([\w.]+)\)", rf"{method}(\1, {argument}=encoder{i} >> classes{i})", own)
        own = re.sub(r"\brotation\((\w+)\)", rf"rotation(\1, encoder=encoder{i})", own)
        before, settings = own[: own.index("\nloss")], own[own.index("\nloss") :]
        whole.append(f"{before}\nstage part{i} {{{settings}}}")
    return "\n".join(whole) + "\n"


def statements(path: Path) -> int:
    """Lines of a spec that say something."""
    return sum(1 for line in path.read_text("utf-8").splitlines() if line.split("#")[0].strip())


def calls(count: int) -> int:
    """Function calls that a check of so many copies makes: the same on every machine."""
    source = Source("copies.ssl", copies(COPIED.read_text("utf-8"), count))
    profile = Profile()
    result = profile.runcall(check, source)
    assert result.program is not None, [d.message for d in result.diagnostics][:3]
    return sum(entry.callcount for entry in profile.getstats())


def test_up_to_a_hundred_times_the_longest_spec_the_work_grows_as_the_length() -> None:
    calls(1)  # signatures of ops are read once
    whole = math.ceil(100 * max(statements(path) for path in SHIPPED) / statements(COPIED))
    part = whole // 10
    assert calls(whole) / calls(part) == pytest.approx(whole / part, rel=0.15)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_check_of_a_shipped_spec_imports_nothing_heavy(path: Path) -> None:
    code = (
        "import sys; from ssldsl.cli import main\n"
        f"sys.argv = ['ssldsl', 'check', {str(path)!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0, end.code\n"
        "assert not {'torch', 'accelerate', 'torchvision', 'numpy', 'pydantic', 'networkx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)
