"""A stage, and then the whole spec, as they are read: what rules look at besides the result."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from attrs import define, field, frozen

from ssldsl.check.state.context import Context
from ssldsl.check.state.scope import Scope
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Stage
from ssldsl.source import Source, Span
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse_expression


@define(eq=False)
class Reader:
    """Reads one stage, or one of its updates, which is then its `part`.

    settings: those that are written, by name. defaults: of all settings, as the language writes them.
    body: the statements of the stage. found: the settings that have been read so far, and `train`.
    places: where parts of settings and of statements are written, as `batch.labeled` and `train.encoder`.
    """

    ctx: Context
    name: str
    after: tuple[str, ...]
    body: tuple[tree.Statement, ...]
    scope: Scope
    settings: dict[str, tree.Setting]
    defaults: Mapping[str, str]
    span: Span
    places: dict[str, Span] = field(factory=dict)
    found: dict[str, Any] = field(factory=dict)
    part: str = ""

    def expression(self, name: str) -> tree.Expr | None:
        """A setting as it is written, or else its default; nothing where it has none."""
        setting, default = self.settings.get(name), self.defaults[name]
        return setting.value if setting is not None else _parsed(default) if default else None

    def value(self, name: str) -> Any:
        """The meaning of a setting, or of its default; `None` where it has none."""
        expr = self.expression(name)
        scope = self.scope if name in self.settings else Scope()  # a default means the same in every spec
        return None if expr is None else self.ctx.evaluate(expr, scope)

    def place(self, name: str) -> Span:
        """Where a setting is written, or else the stage."""
        setting = self.settings.get(name)
        return setting.value.span if setting else self.span

    def written_at(self, node: Node) -> Span:
        """Where a person wrote a node: inside a shipped definition, the call that led there."""
        spans = self.ctx.interner.spans_of(node)
        return next((s for s in spans if s.source in self.ctx.reporter.own), spans[0])

    def clock_size(self, stage: Stage) -> int | None:
        """The samples of the clock stream, where they are known before there are data."""
        return self.ctx.streams[stage.clock].size if stage.clock in self.ctx.streams else None

    def steps_per_epoch(self, stage: Stage) -> int | None:
        """How many steps a pass over the clock stream is, where its size is known."""
        size = self.clock_size(stage)
        return None if size is None else max(1, size // dict(stage.batch).get(stage.clock, 1))

    @property
    def subject(self) -> str:
        """What a message calls the stage; one that nobody declared is the spec itself."""
        if self.part:
            return f"update `{self.part}`"
        return "the spec" if self.scope is self.ctx.file_scope else f"stage `{self.name}`"

    def report(self, diagnostic: Diagnostic) -> None:
        self.ctx.reporter.report(diagnostic)


@cache
def _parsed(default: str) -> tree.Expr:
    return parse_expression(Source("<default>", default))


@frozen
class SpecReading:
    """A spec as it was read, with its stages."""

    ctx: Context
    file: tree.File
    stages: tuple[Stage, ...]
