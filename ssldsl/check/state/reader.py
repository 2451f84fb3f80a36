"""A stage, and then the whole spec, as they are read: what rules look at besides the result."""

from typing import Any

from attrs import define, field, frozen

from ssldsl.check.state.context import Context
from ssldsl.check.state.loss_edits import LossEdits
from ssldsl.check.state.scope import Scope
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Stage
from ssldsl.source import Span
from ssldsl.syntax import tree


@define(eq=False)
class Reader:
    """Reads one stage.

    settings: those that are written, by name. body: the statements of the stage.
    places: where parts of settings and of statements are written, as `batch.labeled` and `train.encoder`.
    """

    ctx: Context
    name: str
    after: tuple[str, ...]
    body: tuple[tree.Statement, ...]
    scope: Scope
    settings: dict[str, tree.Setting]
    span: Span
    edits: LossEdits
    is_edited: bool = False
    places: dict[str, Span] = field(factory=dict)

    def value(self, name: str) -> Any:
        """The meaning of a setting; `None` where the spec does not say."""
        setting = self.settings.get(name)
        return None if setting is None else self.ctx.evaluate(setting.value, self.scope)

    def place(self, name: str) -> Span:
        """Where a setting is written, or else the stage."""
        setting = self.settings.get(name)
        return setting.value.span if setting else self.span

    def written_at(self, node: Node) -> Span:
        """Where a person wrote a node: inside a shipped definition, the call that led there."""
        return next((s for s in node.spans if s.source in self.ctx.reporter.own), node.spans[0])

    @property
    def subject(self) -> str:
        """What a message calls the stage; one that nobody declared is the spec itself."""
        return "the spec" if self.scope is self.ctx.file_scope else f"stage `{self.name}`"

    def error(self, code: str, name: str, message: str, label: str = "", help: str = "") -> None:
        self.ctx.reporter.error(code, self.place(name), message, label, help=help)


@frozen
class SpecReading:
    """A spec as it was read, with its stages and with what edits found in their losses."""

    ctx: Context
    file: tree.File
    stages: tuple[Stage, ...]
    loss_edits: LossEdits
    is_edited: bool
