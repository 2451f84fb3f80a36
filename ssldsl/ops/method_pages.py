"""A page for every method of the library: what it is, its text, the formulas of its ops, and where it is to be seen."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ssldsl.ops.library import Library
from ssldsl.ops.method_table import papers_of
from ssldsl.ops.papers import without_keys
from ssldsl.ops.rendering import definition, mentions, users, without_comments
from ssldsl.resources import specs

_FORMULA = re.compile(r"\$\$.+?\$\$", re.DOTALL)


class Seen(NamedTuple):
    """A shipped spec that uses a method, itself or in a variant."""

    spec: Path
    variant: str = ""


def seen_in(name: str, library: Library) -> Seen | None:
    """The shortest spec that uses a method, through other definitions or not; one with it in a variant if need be."""
    definitions, files = users(name, library)
    found = [_seen(specs() / file, {name, *definitions}) for file in files]
    return min(found, key=lambda seen: (bool(seen.variant), seen.spec.stat().st_size), default=None)


def _seen(spec: Path, names: set[str]) -> Seen:
    text = without_comments(spec.read_text(encoding="utf-8"))
    begun = [(match.start(), match[1]) for match in re.finditer(r"^variant +(\w+)", text, flags=re.MULTILINE)]
    places = [match for name in names if (match := mentions(text, name)) is not None]
    first = min(places)
    return Seen(spec, next((variant for start, variant in reversed(begun) if start < first), ""))


def method_page(name: str, library: Library) -> str:
    """The page of a definition; its picture, where there is one, lies beside it."""
    path = library.methods()[name]
    text = definition(path, name)
    comment = " ".join(line.lstrip("# ") for line in text.splitlines() if line.startswith("#"))
    about = without_keys(comment or _header(path))
    code = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    parts = ["---\nhide: [toc]\n---\n", f"# {name}\n", f"{about}\n", f"```ssl\n{code}\n```\n"]
    parts += [*_formulas(name, code, library), *_examples(name, library)]
    papers = papers_of(f"{comment}\n{_header(path)}")
    parts += ["## Papers\n", *(f"- {paper}" for paper in papers)] if papers else []
    return "\n".join(parts) + "\n"


def _header(path: Path) -> str:
    """The comment at the head of a file of definitions."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return " ".join(line.lstrip("# ") for line in lines[: lines.index("ssl 1")])


def _formulas(name: str, code: str, library: Library) -> Iterator[str]:
    """What the ops of a definition compute, and the definitions that it is made of."""
    ops = [op for op in map(library.get, library.names()) if op is not None and mentions(code, op.name) is not None]
    others = [other for other in library.methods() if other != name and mentions(code, other) is not None]
    if others:
        yield f"Made of {', '.join(f'[{other}]({other}.md)' for other in others)}.\n"
    if ops:
        yield "## Formulas\n"
    for op in ops:
        formula = _FORMULA.search(op.doc)
        yield f"[`{op.name}`](../library/{op.role}.md#{op.name}): {op.summary}\n"
        if formula is not None:
            yield f"{formula[0]}\n"


def _examples(name: str, library: Library) -> Iterator[str]:
    seen = seen_in(name, library)
    if seen is None:
        return
    variant = f", variant `{seen.variant}`" if seen.variant else ""
    yield "## In a spec\n"
    yield f"[![The method as a graph]({name}.svg)]({name}.svg)\n"
    yield f"[{seen.spec.stem}](../experiments/{seen.spec.stem}.md){variant}.\n"
    more = [Path(file).stem for file in users(name, library)[1] if Path(file) != Path(seen.spec.name)]
    if more:
        yield f"Also in {', '.join(f'[{stem}](../experiments/{stem}.md)' for stem in more)}.\n"
