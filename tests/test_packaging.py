"""The package as it is shipped: contents of the wheel, public names, import contracts."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import ssldsl

ROOT = Path(__file__).parents[1]


def test_the_public_names_are_these():
    names = (
        "Checked Diagnostic Experiment Run Source SpecError __version__ compile compose diff draw load"
        " load_ipython_extension loads op open_run read resolve"
    )
    assert ssldsl.__all__ == names.split()
    assert all(getattr(ssldsl, name) is not None for name in ssldsl.__all__)


def test_imports_point_one_way():
    pytest.importorskip("importlinter")
    done = subprocess.run(["lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_wheel_holds_the_shipped_folders(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("stdlib", "grammars", "specs"):
        files = {
            f"ssldsl/{folder}/{p.relative_to(ROOT / folder).as_posix()}"
            for p in (ROOT / folder).rglob("*")
            if p.is_file() and "__pycache__" not in p.parts
        }
        assert files <= names
    assert "ssldsl/grammars/ssl.json" in names
    assert any(name.startswith("ssldsl/explanations/") for name in names)
