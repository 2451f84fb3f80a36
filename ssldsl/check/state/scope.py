"""Names and what they stand for. A declaration is evaluated when it is first needed, so order in a file is free."""

from collections.abc import Iterator
from typing import Any

from attrs import define, field

from ssldsl.source import Span
from ssldsl.syntax import tree

PENDING = object()  # a declaration that is being evaluated: meeting it again is a cycle


@define(eq=False)
class Binding:
    """A name: the declaration that gives its meaning, or the meaning itself once it is known."""

    name: str
    span: Span
    declaration: tree.Declaration | tree.Param | tree.Def | tree.StageDecl | None = None
    scope: "Scope | None" = None  # where it is declared, and so where its expression is read
    value: Any = None
    known: bool = False
    uses: int = 0


@define(eq=False)
class Scope:
    """A file, a stage, or the inside of a `def`.

    owner: prefix of the modules declared here. round: of the streams, each round of a stage having its own.
    update: of the inside of an `update` or of a call in one, which update of the step it is; no number elsewhere.
    """

    parent: "Scope | None" = None
    owner: str = ""
    round: str = ""
    update: int | None = None
    bindings: dict[str, Binding] = field(factory=dict)

    def own(self, name: str) -> Binding | None:
        return self.bindings.get(name)

    def find(self, name: str) -> Binding | None:
        """The nearest binding, from the inside out."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bindings:
                return scope.bindings[name]
            scope = scope.parent
        return None

    def stream_name(self, name: str) -> str:
        """What a stream that is declared here under a name is called in the program."""
        return f"{self.round}.{name}" if self.round else name

    def visible(self) -> Iterator[str]:
        """Every name that can be used here."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.bindings
            scope = scope.parent

    def declare(
        self, name: tree.Name, declaration: "tree.Declaration | tree.Param | tree.Def | tree.StageDecl"
    ) -> None:
        self.bindings[name.id] = Binding(name.id, name.span, declaration, self)

    def bind(self, name: str, value: Any, span: Span) -> None:
        self.bindings[name] = Binding(name, span, value=value, known=True, uses=1)
