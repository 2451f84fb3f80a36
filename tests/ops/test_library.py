"""Finding ops: shipped, installed, and a user's own; and the cache of what was read."""

import json
import subprocess
import sys
from cProfile import Profile
from pathlib import Path
from textwrap import dedent

import pytest

from ssldsl.errors import SpecError
from ssldsl.ops import cache
from ssldsl.ops.arguments import check_settings
from ssldsl.ops.library import Folder, Library
from ssldsl.ops.reading import read_signature
from ssldsl.ops.signature import REQUIRED, Signature
from ssldsl.source import Source, Span

OP = """
from ssldsl.ops import Logits, Scalar, op

@op()
def {name}(logits: Logits[Tensor, "batch classes"], *, sizes: list[int] = [1, 2]) -> Scalar[Tensor, ""]:
    '''Something.'''
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A small library of two losses and a file of definitions."""
    for role in ("losses", "methods"):
        (tmp_path / "small" / role).mkdir(parents=True)
    for name in ("first", "second"):
        (tmp_path / "small" / "losses" / f"{name}.py").write_text(OP.format(name=name))
    (tmp_path / "small" / "losses" / "__init__.py").write_text("")
    (tmp_path / "small" / "methods" / "m.ssl").write_text("ssl 1\ndef one(x) = first(x)\ndef two(x) = second(x)\n")
    return Folder(tmp_path / "small", "small")


def every_signature() -> list[Signature]:
    library = Library.shipped(installed=False)
    return [s for s in map(library.get, library.names()) if s is not None]


# --- the standard library ---


def test_every_shipped_op_can_be_read() -> None:
    assert {s.name for s in every_signature()} == set(Library.shipped(installed=False).names())


def test_names_of_ops_and_definitions_are_unique() -> None:
    shipped = Library.shipped(installed=False).folders[0].path
    ops = [p.stem for p in shipped.glob("*/*.py") if p.stem != "__init__"]
    definitions = [
        line.split("(")[0].split()[1]
        for path in shipped.glob("methods/*.ssl")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("def ")
    ]
    names = ops + definitions
    assert sorted(names) == sorted(set(names))


def test_every_default_is_of_its_own_type() -> None:
    call = Span(Source("x.ssl", "f()"), 0, 3)
    for signature in every_signature():
        _, problems = check_settings(signature, {}, call)
        required = [s.name for s in signature.settings if s.default is REQUIRED]
        assert [p.code for p in problems] == ["T301"] * len(required), signature.name


def test_signatures_know_how_to_import_their_op() -> None:
    signature = Library.shipped().get("cross_entropy")
    assert signature is not None
    assert signature.module == "ssldsl.stdlib.losses.cross_entropy"
    assert signature.role == "losses"


def test_an_unknown_name_gives_nothing() -> None:
    assert Library.shipped().get("no_such_op") is None
    assert Library.shipped().methods().get("no_such_op") is None


def test_listing_reads_no_file(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise AssertionError("a file was read")

    monkeypatch.setattr(Path, "read_text", refuse)
    assert Library((folder,)).names() == ("first", "second")
    assert Library((folder,)).role("losses") == ("first", "second")


def test_definitions_are_found_by_name(folder: Folder) -> None:
    methods = Library((folder,)).methods()
    assert list(methods) == ["one", "two"]
    assert methods["two"].name == "m.ssl"
    assert "first" not in methods


def test_a_broken_op_is_refused_only_when_it_is_asked_for(folder: Folder) -> None:
    (folder.path / "losses" / "broken.py").write_text("def")
    library = Library((folder,))
    assert library.get("first") is not None
    with pytest.raises(SpecError, match="R201"):
        library.get("broken")


def test_reading_the_library_imports_neither_torch_nor_numpy_nor_pydantic() -> None:
    script = dedent("""
        import sys
        from ssldsl.ops.library import Library
        library = Library.shipped()
        [library.get(n) for n in library.names()], list(library.methods())
        print([m for m in ("torch", "numpy", "pydantic") if m in sys.modules])
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_settings_of_all_ops_are_known_without_torch() -> None:
    script = dedent("""
        import sys
        from ssldsl.ops.rendering import show_library
        show_library(as_data=True)
        print([m for m in ("torch", "numpy", "accelerate") if m in sys.modules])
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- a user's own files ---


def test_ops_of_a_users_file_stand_beside_the_shipped_ones(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(OP.format(name="mine"))
    library = Library.shipped().with_file(path)
    mine = library.get("mine")
    assert mine is not None
    assert (mine.module, mine.path, mine.role) == ("", str(path), "losses")
    assert library.get("cross_entropy") is not None
    assert "mine" in library.names()
    assert Library.shipped().get("mine") is None


@pytest.mark.parametrize("name", ["cross_entropy", "ce"])
def test_a_users_op_cannot_take_a_shipped_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(OP.format(name=name))
    with pytest.raises(SpecError, match=f"R204.*`{name}`"):
        Library.shipped().with_file(path)


def test_the_same_file_may_be_used_twice(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(OP.format(name="mine"))
    assert Library.shipped().with_file(path).with_file(path).get("mine") is not None


def test_a_missing_file_is_a_diagnostic(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"R201.*cannot be read"):
        Library.shipped().with_file(tmp_path / "absent.py")


def test_a_file_that_is_not_text_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match=r"R201.*UTF-8"):
        Library.shipped().with_file(tmp_path / "mine.py")


# --- installed libraries ---


@pytest.fixture
def installed(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small library as an installed package that announces itself, and that must not be imported."""
    site = folder.path.parent
    (folder.path / "__init__.py").write_text("raise SystemExit('imported')")
    info = site / "small-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: small\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ssldsl.libraries]\nsmall = small\ngone = not_installed_at_all\n")
    monkeypatch.syspath_prepend(str(site))
    return site


def test_installed_libraries_are_found_without_importing_them(installed: Path) -> None:
    library = Library.shipped()
    first = library.get("first")
    assert first is not None
    assert first.module == "small.losses.first"
    assert library.methods()["one"].name == "m.ssl"
    assert "second" in library.names()
    assert "small" not in sys.modules


def test_shipped_names_are_found_without_looking_for_installed_libraries() -> None:
    library = Library.shipped()
    assert library.get("cross_entropy") is not None
    assert library.methods().get("ce") is not None
    assert library.methods().get("cross_entropy") is None
    assert "installed" not in vars(library)


# --- the cache ---


def test_signatures_survive_the_cache() -> None:
    for signature in every_signature():
        assert cache.from_json(json.loads(json.dumps(cache.to_json(signature)))) == signature


def test_what_was_read_is_not_read_again(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Library((folder,)).get("first")

    def refuse(*_: object, **__: object) -> Signature:
        raise AssertionError("parsed again")

    monkeypatch.setattr("ssldsl.ops.library.read_signature", refuse)
    again = Library((Folder(folder.path, "small"),)).get("first")
    assert again == known


def test_a_changed_file_is_read_again(folder: Folder) -> None:
    Library((folder,)).get("first")
    path = folder.path / "losses" / "first.py"
    path.write_text(path.read_text().replace("[1, 2]", "[3]"))
    again = Library((Folder(folder.path, "small"),)).get("first")
    assert again is not None
    assert again.settings[0].default == (3,)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"reader": 1}', '{"reader": "x", "signature": {"digest": "y"}}'])
def test_a_damaged_cache_is_ignored(folder: Folder, own_cache: Path, content: str) -> None:
    known = Library((folder,)).get("first")
    for file in own_cache.rglob("*.json"):
        file.write_text(content)
    assert Library((Folder(folder.path, "small"),)).get("first") == known


def test_without_a_place_for_it_there_is_no_cache(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert Library((folder,)).get("first") is not None


def test_the_cache_does_not_grow_when_a_file_changes(folder: Folder, own_cache: Path) -> None:
    path = folder.path / "losses" / "first.py"
    for default in ("[1]", "[2]", "[3]"):
        path.write_text(OP.format(name="first").replace("[1, 2]", default))
        Library((Folder(folder.path, "small"),)).get("first")
    assert len(list(own_cache.rglob("*.json"))) == 1
    assert not list(own_cache.rglob(".*"))


def test_a_signature_is_read_in_less_than_a_thousand_calls(tmp_path: Path) -> None:
    text = Path(Library.shipped().folders[0].path / "losses" / "cross_entropy.py").read_text(encoding="utf-8")
    profile = Profile()
    profile.runcall(read_signature, str(tmp_path / "cross_entropy.py"), f"{text}\n# another\n", "losses")
    assert sum(entry.callcount for entry in profile.getstats()) < 1000
