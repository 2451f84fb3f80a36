"""A stage as it is read: its settings by name, and where they were written."""

from typing import Any

from attrs import define

from ssldsl.check.state.context import Context
from ssldsl.check.state.loss_edits import LossEdits
from ssldsl.check.state.scope import Scope
from ssldsl.source import Span
from ssldsl.syntax import tree


@define(eq=False)
class Reader:
    """Reads one stage."""

    ctx: Context
    name: str
    scope: Scope
    settings: dict[str, tree.Setting]
    span: Span
    edits: LossEdits
    edited: bool = False

    def value(self, name: str) -> Any:
        """The meaning of a setting; `None` where the spec does not say."""
        setting = self.settings.get(name)
        return None if setting is None else self.ctx.evaluate(setting.value, self.scope)

    def place(self, name: str) -> Span:
        setting = self.settings.get(name)
        return setting.value.span if setting else self.span

    @property
    def subject(self) -> str:
        """What a message calls the stage; one that nobody declared is the spec itself."""
        return "the spec" if self.scope is self.ctx.file_scope else f"stage `{self.name}`"

    def error(self, code: str, name: str, message: str, label: str = "", help: str = "") -> None:
        self.ctx.reporter.error(code, self.place(name), message, label, help=help)
