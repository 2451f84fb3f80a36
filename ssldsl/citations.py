"""What an experiment rests on: the papers of its ops, and those that its definitions and its header name.

A key of `stdlib/papers.bib` in brackets, `[zhai2019s4l]`, in a comment of the spec, above a definition that it uses, or
at the head of that definition's file, cites that paper.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from ssldsl.check import Checked
from ssldsl.ir.walk import walk
from ssldsl.ops.papers import keys_in, read_entries
from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse


def cited(checked: Checked) -> list[str]:
    """The keys of an experiment: header first, then definitions, then ops, each once."""
    program = checked.unwrap()
    comments = [comment.text for comment in checked.file.comments]
    comments += [text for definition in _definitions(checked) for text in definition.comments()]
    keys = [key for text in comments for key in keys_in(text)]
    keys += [signature.traits.paper for signature in program.signatures.values() if signature.traits.paper]
    return list(dict.fromkeys(keys))


def bibliography(checked: Checked) -> str:
    """The BibTeX entries of everything that an experiment rests on."""
    entries = read_entries()
    return "\n\n".join(entries[key] for key in cited(checked) if key in entries) + "\n"


@frozen
class _Definition:
    """A definition of the library, and the file in which it stands beside others."""

    name: str
    file: tree.File

    @property
    def statement(self) -> tree.Def:
        """The definition itself."""
        return next(s for s in self.file.statements if isinstance(s, tree.Def) and s.name.id == self.name)

    def comments(self) -> list[str]:
        """What the head of the file says, and the lines above the definition and in it; not what is said of others."""
        text, comments = self.file.span.source.text, self.file.comments
        above, inside = self.statement.span.start, self.statement.span.end
        for comment in reversed(comments):  # those right above it, line by line
            if comment.span.end <= above and not text[comment.span.end : above].strip(" \n"):
                if text[comment.span.end : above].count("\n") > 1:
                    break
                above = comment.span.start
        head = text.find("\nssl ")
        return [c.text for c in comments if c.span.start < head or above <= c.span.start < inside]


def _definitions(checked: Checked) -> list[_Definition]:
    """The definitions of the library that an experiment calls, and those that these call.

    What only a variant calls that is not applied, or a point of a sweep, is no part of it.
    """
    methods, files = checked.library.methods(), dict[Path, tree.File]()

    def definition(name: str) -> _Definition:
        path = methods[name]
        if path not in files:
            files[path] = parse(Source(path.name, path.read_text(encoding="utf-8"))).file
        return _Definition(name, files[path])

    def called(name: str) -> list[str]:
        return sorted({n for n in _names(definition(name).statement) if n in methods} - {name})

    written = tuple(s for s in checked.file.statements if not isinstance(s, tree.Variant | tree.Sweep))
    first = sorted({name for name in _names(written) if name in methods})
    return [definition(name) for name in walk(first, called)]


def _names(part: Any) -> Iterator[str]:
    """Every name that a part of a file reads."""
    if isinstance(part, tree.Ref):
        yield part.id
    elif isinstance(part, tuple):
        for item in part:
            yield from _names(item)
    elif attrs.has(type(part)) and not isinstance(part, Source):
        for field in attrs.fields(type(part)):
            if field.name != "span":
                yield from _names(getattr(part, field.name))
