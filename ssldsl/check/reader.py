"""A stage as it is read: its settings by name, and where they were written."""

from typing import TYPE_CHECKING, Any

from attrs import define

from ssldsl.check import expressions
from ssldsl.check.context import Context
from ssldsl.check.scope import Scope
from ssldsl.source import Span
from ssldsl.syntax import tree

if TYPE_CHECKING:
    from ssldsl.check.edits import LossEdits


@define(eq=False)
class Reader:
    """Reads one stage."""

    ctx: Context
    name: str
    scope: Scope
    settings: dict[str, tree.Setting]
    span: Span
    edits: "LossEdits"
    edited: bool = False

    def value(self, name: str) -> Any:
        """The meaning of a setting; `None` where the spec does not say."""
        setting = self.settings.get(name)
        return None if setting is None else expressions.evaluate(self.ctx, setting.value, self.scope)

    def place(self, name: str) -> Span:
        setting = self.settings.get(name)
        return setting.value.span if setting else self.span

    @property
    def subject(self) -> str:
        """What a message calls the stage; one that nobody declared is the spec itself."""
        return "the spec" if self.scope is self.ctx.file_scope else f"stage `{self.name}`"

    def error(self, code: str, name: str, message: str, label: str = "", help: str = "") -> None:
        self.ctx.reporter.error(code, self.place(name), message, label, help=help)
