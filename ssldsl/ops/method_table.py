"""All methods of the library in tables, read from their definitions: what each is, how long, and in which specs."""

from collections.abc import Iterator
from pathlib import Path

from ssldsl.ops.library import Library
from ssldsl.ops.papers import keys_in, read_papers
from ssldsl.ops.rendering import definition, summary, users


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
    yield from (f"- {paper}" for paper in papers_of(path.read_text(encoding="utf-8")))
    yield ""


def papers_of(text: str) -> list[str]:
    """The papers that a text of definitions names by their keys, in words."""
    papers = read_papers()
    return [str(papers[key]) for key in dict.fromkeys(keys_in(text)) if key in papers]
