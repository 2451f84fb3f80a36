"""What an experiment rests on: the papers of its ops, and those that its definitions and its header name.

A key of `stdlib/papers.bib` in brackets, `[zhai2019s4l]`, in a comment of the spec, or of the file of a definition that
it uses, cites that paper.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from ssldsl.check import Checked
from ssldsl.ir.walk import walk
from ssldsl.ops.papers import read_entries
from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse

_KEY = re.compile(r"\[([a-z]\w*\d{4}\w*)\]")


def cited(checked: Checked) -> list[str]:
    """The keys of an experiment: header first, then definitions, then ops, each once."""
    program = checked.unwrap()
    files = [checked.file, *_definitions(checked)]
    comments = [comment.text for file in files for comment in file.comments]
    keys = [key for text in comments for key in _KEY.findall(text)]
    keys += [signature.traits.paper for signature in program.signatures.values() if signature.traits.paper]
    return list(dict.fromkeys(keys))


def bibliography(checked: Checked) -> str:
    """The BibTeX entries of everything that an experiment rests on."""
    entries = read_entries()
    return "\n\n".join(entries[key] for key in cited(checked) if key in entries) + "\n"


def _definitions(checked: Checked) -> list[tree.File]:
    """The files of the library's definitions that a spec calls, and that those call."""
    methods, files = checked.library.methods(), dict[Path, tree.File]()

    def called(path: Path) -> list[Path]:
        if path not in files:
            files[path] = parse(Source(path.name, path.read_text(encoding="utf-8"))).file
        return sorted({methods[name] for name in _names(files[path]) if name in methods} - {path})

    first = sorted({methods[name] for name in _names(checked.file) if name in methods})
    return [files[path] for path in walk(first, called)]


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
