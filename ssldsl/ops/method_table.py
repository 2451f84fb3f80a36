"""All methods of the library in tables, read from their definitions: what each is, how long, and in which specs."""

import re
from collections.abc import Iterator
from pathlib import Path

from ssldsl.ops.library import Library
from ssldsl.ops.papers import read_papers
from ssldsl.ops.rendering import definition, summary, users

_KEYS = re.compile(r"\[([a-z]\w*\d{4}\w*)\]")


def methods_table(library: Library) -> str:
    """A table for every file of definitions; in its first column the name, which leads to its page."""
    by_file: dict[Path, list[str]] = {}
    for name, path in library.methods().items():
        by_file.setdefault(path, []).append(name)
    return "\n".join(line for path, names in by_file.items() for line in _family(path, names, library))


def _family(path: Path, names: list[str], library: Library) -> Iterator[str]:
    yield f"### {path.stem.replace('_', ' ').capitalize()}\n"
    yield "| definition | what it is | lines | specs |"
    yield "|---|---|---|---|"
    for name in names:
        lines = definition(path, name).splitlines()
        count = sum(1 for line in lines if line.strip() and not line.startswith("#"))
        stems = [spec.removesuffix(".ssl") for spec in users(name, library)[1]]
        specs = ", ".join(f"[{stem}](experiments/{stem}.md)" for stem in stems)
        about = summary(path, name).replace("|", r"\|")
        yield f"| [{name}](methods/{name}.md) | {about} | {count} | {specs or '–'} |"
    yield ""
    yield from (f"- {paper}" for paper in papers_of(path))
    yield ""


def papers_of(path: Path) -> list[str]:
    """The papers that a file of definitions names, in words."""
    papers, keys = read_papers(), dict.fromkeys(_KEYS.findall(path.read_text(encoding="utf-8")))
    return [str(papers[key]) for key in keys if key in papers]
