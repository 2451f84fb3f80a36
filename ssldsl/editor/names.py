"""Where a name comes from, and every place where it stands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
from lsprotocol import types as lsp

from ssldsl.editor.analysis import Analysis
from ssldsl.editor.lsp_positions import position_of, range_of
from ssldsl.source import Source, Span
from ssldsl.syntax import tree

FIELDS = ("name",)  # where a part of a file is named by it: a field, an argument, a setting, what is said after `as`


def definition_of(analysis: Analysis, uri: str, offset: int) -> lsp.Location | None:
    """Where the name at a place is given: in the file, in a file of definitions, or in the file of an op."""
    word = analysis.word_at(offset)
    if word is None:
        return None
    declared = analysis.name(word.text)
    if declared is not None:
        return lsp.Location(uri, range_of(declared.span))
    signature = analysis.library.get(word.text)
    if signature is not None:
        place = lsp.Position(signature.line - 1, 0)
        return lsp.Location(Path(signature.path).absolute().as_uri(), lsp.Range(place, place))
    path = analysis.library.methods().get(word.text)
    if path is None:
        return None
    source = Source(str(path), path.read_text(encoding="utf-8"))
    match = re.search(rf"^def\s+({word.text})\b", source.text, re.MULTILINE)
    place = position_of(source, match.start(1) if match else 0)
    return lsp.Location(path.absolute().as_uri(), lsp.Range(place, place))


def uses_of(analysis: Analysis, offset: int) -> list[Span]:
    """Every place of a name that the file declares; nothing for other names."""
    word = analysis.word_at(offset)
    if word is None or analysis.name(word.text) is None:
        return []
    return sorted(_uses(analysis.checked.file, word.text), key=lambda span: span.start)


def _uses(part: Any, name: str) -> Iterator[Span]:
    """The places of a name below a part of a file; a definition whose parameter is called so means that one."""
    match part:
        case tree.Ref(id=id, span=span) | tree.Name(id=id, span=span):
            if id == name:
                yield span
        case tree.Def(parameters=parameters) if any(parameter.name.id == name for parameter in parameters):
            pass
        case tuple():
            for item in part:
                yield from _uses(item, name)
        case _ if attrs.has(type(part)):
            names = (
                ()
                if isinstance(part, tree.Declaration | tree.Param | tree.Def | tree.Update | tree.StageDecl)
                else FIELDS
            )
            for field in attrs.fields(type(part)):
                value = getattr(part, field.name)
                if field.name != "span" and not (field.name in names and isinstance(value, tree.Name)):
                    yield from _uses(value, name)


def renamed(analysis: Analysis, uri: str, offset: int, name: str) -> lsp.WorkspaceEdit | None:
    """The name at a place changed wherever it stands. Nothing for names of the library, and for what is no name."""
    if not re.fullmatch(r"[A-Za-z_]\w*", name) or analysis.name(name) is not None:
        return None
    edits = [lsp.TextEdit(range_of(span), name) for span in uses_of(analysis, offset)]
    return lsp.WorkspaceEdit(changes={uri: edits}) if edits else None
