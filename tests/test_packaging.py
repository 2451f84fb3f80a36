"""The package as it is shipped: contents of the wheel, public names, import contracts."""

import os
import shutil
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


def test_a_clone_without_symbolic_links_works(tmp_path):
    links = ("stdlib", "grammars", "specs")
    leave = shutil.ignore_patterns("__pycache__", *links)
    shutil.copytree(ROOT / "ssldsl", tmp_path / "ssldsl", ignore=leave)
    for name in links:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        (tmp_path / "ssldsl" / name).write_text(f"../{name}", encoding="utf-8")  # what git leaves of a link
    command = [sys.executable, "-m", "ssldsl", "run", "specs/quickstart.ssl", "--smoke", "--no-progress"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "quickstart-smoke-s0-1" / "report.html").exists()


@pytest.mark.slow
def test_the_wheel_holds_the_shipped_folders(tmp_path):
    command = [sys.executable, "-m", "build", "-o", str(tmp_path), str(ROOT)]  # the wheel from the source archive
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
    assert not [name for name in names if "__pycache__" in name]
    metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
    said = {line.partition(":")[0] for line in zipfile.ZipFile(wheel).read(metadata).decode().splitlines()}
    assert {"Author", "Project-URL", "License-Expression", "Keywords", "Classifier", "Provides-Extra"} <= said
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    command = [sys.executable, "-m", "ssldsl", "run", "specs/quickstart.ssl", "--smoke", "--no-progress", "--no-report"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    (tmp_path / "specs").symlink_to(tmp_path / "installed" / "ssldsl" / "specs")
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
