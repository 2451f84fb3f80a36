"""What may stand at a place: names of the file, ops and definitions of the library, words, settings, arguments."""

import re
from collections.abc import Iterator

from lsprotocol import types as lsp

from ssldsl.check.apply.words import WORDS
from ssldsl.check.stages.settings import SETTINGS
from ssldsl.editor.analysis import Analysis
from ssldsl.ops.signature import REQUIRED

KEYWORDS = (
    *("data", "stream", "view", "net", "head", "let", "param", "def", "use"),
    *("stage", "train", "init", "eval", "watch", "update", "variant", "sweep"),
)
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(([^()]|\([^()]*\))*$")
KINDS = lsp.CompletionItemKind


def completions(analysis: Analysis, offset: int) -> list[lsp.CompletionItem]:
    """Everything that may stand at a place; the editor keeps what begins as it was typed."""
    line = analysis.source.text[analysis.source.text.rfind("\n", 0, offset) + 1 : offset]
    if "#" in line:
        return []
    if member := re.search(r"([A-Za-z_]\w*)\.\w*$", line):
        return list(_members(analysis, member[1]))
    items = [*_arguments(analysis, line), *_names(analysis), *_library(analysis)]
    if re.fullmatch(r"\s*\w*", line):
        items += [_item(word, KINDS.Keyword) for word in KEYWORDS]
        items += [_item(s.name, KINDS.Property, s.says) for s in SETTINGS]
    return items


def _item(label: str, kind: lsp.CompletionItemKind, detail: str = "", text: str = "") -> lsp.CompletionItem:
    return lsp.CompletionItem(label=label, kind=kind, detail=detail or None, insert_text=text or None)


def _names(analysis: Analysis) -> Iterator[lsp.CompletionItem]:
    for name in analysis.names():
        yield _item(name.id, KINDS.Variable, name.what)


def _library(analysis: Analysis) -> Iterator[lsp.CompletionItem]:
    for name in analysis.library.names():
        signature = analysis.library.get(name)
        yield _item(name, KINDS.Function, signature.summary if signature is not None else "")
    for name in analysis.library.methods():
        yield _item(name, KINDS.Function, "a definition of the library")
    for name, word in WORDS.items():
        yield _item(name, KINDS.Function, f"{name}({', '.join(word.parameters)})")


def _arguments(analysis: Analysis, line: str) -> Iterator[lsp.CompletionItem]:
    """The settings of the call that is being written."""
    call = _CALL.search(line)
    signature = analysis.library.get(call[1]) if call is not None else None
    for setting in signature.settings if signature is not None else ():
        default = "" if setting.default is REQUIRED else f", {setting.default!r} by default"
        yield _item(f"{setting.name}=", KINDS.Field, f"{setting.annotation}{default}")


def _members(analysis: Analysis, name: str) -> Iterator[lsp.CompletionItem]:
    """What may stand behind the point: parts of a network, splits of data, ops from data to data."""
    declared = analysis.name(name)
    if declared is None:
        return
    program = analysis.checked.program
    module = next((m for m in program.modules if m.path == name), None) if program is not None else None
    if module is not None:
        yield _item("dim", KINDS.Property, "the size of its features")
        signature = analysis.library.get(module.op)
        for part in signature.parts if signature is not None else ():
            yield _item(part, KINDS.Property, f"a part of `{name}`")
    if declared.what in ("data", "stream"):
        for called in re.findall(r"\b([a-z_]\w*)\(", declared.whole.text):
            signature = analysis.library.get(called)
            for split in (signature.traits.splits or {}) if signature is not None else ():
                yield _item(split, KINDS.Property, f"a split of `{name}`")
        yield _item("classes", KINDS.Property, "the number of classes")
        for op in analysis.library.role("data"):
            signature = analysis.library.get(op)
            if signature is not None and signature.edges and signature.edges[0].kind == "Data":
                yield _item(op, KINDS.Method, signature.summary)
