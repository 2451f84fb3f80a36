"""Build hook of the wheel: makes the parse tables from the grammar and ships them beside it."""

import runpy
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TablesHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling types it only for its own use
    """Adds `ssldsl/grammars/ssl.json` to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root) / "ssldsl"
        # by its path: the environment of the build has lark, but nothing else that the package needs
        module = runpy.run_path(str(root / "syntax" / "generate.py"))
        grammar = (Path(self.root) / "grammars" / "ssl.lark").read_text(encoding="utf-8")
        self.folder = tempfile.TemporaryDirectory()
        tables = Path(self.folder.name) / "ssl.json"
        tables.write_text(module["encode"](module["generate"](grammar)), encoding="utf-8")
        if version != "editable":  # a checkout makes its own, so that a change of the grammar is seen at once
            build_data["force_include"][str(tables)] = "ssldsl/grammars/ssl.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        self.folder.cleanup()
