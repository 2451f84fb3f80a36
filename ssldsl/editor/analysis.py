"""What an editor asks about one text: its check, the names in it, and what stands at a place."""

import re
from collections.abc import Iterator

from attrs import evolve, frozen

from ssldsl.check import Checked, check
from ssldsl.check.everything import in_parts
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors
from ssldsl.ops.library import Library
from ssldsl.source import Source, Span
from ssldsl.syntax import tree

FIRST_ROUNDS = 3  # the first has no round before it, the second follows the first; all later ones are like the third
_NAME = re.compile(r"[A-Za-z_]\w*")


@frozen
class DeclaredName:
    """A name that the file itself gives. what: `data`, `net`, `param`, `def`, `stage`, ... span: of the name alone."""

    id: str
    what: str
    span: Span
    whole: Span


@frozen
class Analysis:
    """A text as it stands in the editor, checked. It may be wrong: then there is no program, and the rest serves."""

    source: Source
    checked: Checked

    @staticmethod
    def of(text: str, path: str, library: Library | None = None) -> "Analysis":
        """Check a text as it stands, of many rounds the first: what a person who types waits for.

        path: of its file, beside which others are looked for. library: if it was read before.
        """
        source = Source(path, text)
        return Analysis(source, check(source, library=library, may_be_shared=True, rounds_at_most=FIRST_ROUNDS))

    def completed(self, library: Library | None = None) -> Iterator["Analysis"]:
        """The same with what every round, variant and point of a sweep shows too, a part at a time."""
        for found in in_parts(self.source, library=library):
            yield evolve(self, checked=evolve(self.checked, diagnostics=found.diagnostics))

    @property
    def library(self) -> Library:
        """The ops that the text sees, its own among them."""
        return self.checked.library

    def names(self) -> Iterator[DeclaredName]:
        """What the file declares, at its top level and within stages."""
        return _declared(self.checked.file.statements)

    def name(self, id: str) -> DeclaredName | None:
        """What the file declares under a name; of several stages' own names the first."""
        return next((found for found in self.names() if found.id == id), None)

    def word_at(self, offset: int) -> Span | None:
        """The name that stands at a place or ends there."""
        start = self.source.text.rfind("\n", 0, offset) + 1
        end = self.source.text.find("\n", offset)
        line = self.source.text[start : len(self.source.text) if end < 0 else end]
        for match in _NAME.finditer(line.split("#")[0]):
            if match.start() <= offset - start <= match.end():
                return Span(self.source, start + match.start(), start + match.end())
        return None

    def node_at(self, offset: int) -> Node | None:
        """The value whose text is the shortest around a place, where the text is free of errors."""
        best: tuple[int, Node] | None = None
        for stage in self.checked.program.stages if self.checked.program is not None else ():
            for node, span in self._written(stage):
                if span.start <= offset <= span.end and (best is None or span.end - span.start < best[0]):
                    best = span.end - span.start, node
        return best[1] if best is not None else None

    def _written(self, stage: Stage) -> Iterator[tuple[Node, Span]]:
        for node in ancestors(stage.roots):
            for span in stage.spans_of(node):
                if span.source == self.source:
                    yield node, span


def _declared(statements: tuple[tree.Statement, ...]) -> Iterator[DeclaredName]:
    for statement in statements:
        match statement:
            case tree.Declaration(kind=kind, name=name, span=span):
                yield DeclaredName(name.id, kind, name.span, span)
            case tree.Param(name=name, span=span):
                yield DeclaredName(name.id, "param", name.span, span)
            case tree.Def(name=name, span=span):
                yield DeclaredName(name.id, "def", name.span, span)
            case tree.Variant(name=name, span=span):
                yield DeclaredName(name.id, "variant", name.span, span)
            case tree.StageDecl(name=name, span=span, body=body):
                yield DeclaredName(name.id, "stage", name.span, span)
                yield from _declared(body)
            case tree.Update(name=name, span=span, body=body):
                yield DeclaredName(name.id, "update", name.span, span)
                yield from _declared(body)
            case _:
                pass
