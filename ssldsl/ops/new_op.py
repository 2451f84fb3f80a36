"""Ops to begin with: a file that is right as it stands, and its test, for the roles that people write most."""

import re
from pathlib import Path

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.resources import package


def write_skeleton(role: str, name: str, folder: Path) -> list[Path]:
    """Write `<name>.py` and `test_<name>.py`. Raises R304 for what is no name, R302 where a file is there already."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        message = f"`{name}` cannot be the name of an op"
        raise SpecError(Diagnostic("R304", message, help="lower-case letters, digits and `_`: `my_loss`"))
    words = {"NAME": name, "CLASS": "".join(part.capitalize() for part in name.split("_"))}
    files = {folder / f"{name}.py": f"{role}.txt", folder / f"test_{name}.py": f"test_{role}.txt"}
    for file in files:
        if file.exists():
            message = f"`{file}` is there already"
            raise SpecError(Diagnostic("R302", message, help="take another name, or remove it"))
    for file, template in files.items():
        text = (package() / "ops" / "skeletons" / template).read_text(encoding="utf-8")
        try:
            file.write_text(re.sub(r"NAME|CLASS", lambda match: words[match[0]], text), encoding="utf-8")
        except OSError as error:
            raise SpecError(Diagnostic("R302", f"`{file}` cannot be written: {error.strerror}")) from None
    return list(files)
