"""Signatures that were read before, as JSON in the cache folder of the user: one file for every op file.

Where the folder cannot be written there is no cache, and nothing is said of it.
"""

import hashlib
import json
import os
from functools import cache as once
from pathlib import Path
from typing import Any

import attrs

from ssldsl.ops import signature as signatures
from ssldsl.ops.decorator import OpTraits
from ssldsl.ops.signature import REQUIRED, Edge, Output, SettingSpec, Signature

READERS = (
    "reading", "edges", "literals", "settings", "signature", "decorator", "named_traits", "softmaxes", "cache",
)  # fmt: skip


def folder() -> Path:
    """`ssldsl/signatures` in the cache folder of the user."""
    root = os.environ.get("XDG_CACHE_HOME") or ""
    return (Path(root) if os.path.isabs(root) else Path("~/.cache").expanduser()) / "ssldsl" / "signatures"


def load(path: str, text: str) -> Signature | None:
    """The signature of a file with this text, if it is known."""
    try:
        known = json.loads(_file(path).read_text(encoding="utf-8"))
        if known["reader"] != _reader() or known["signature"]["digest"] != hashlib.sha256(text.encode()).hexdigest():
            return None
        return from_json(known["signature"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):  # absent, foreign, cut short, or no home folder
        return None


def store(signature: Signature) -> None:
    """Keep a signature, if that is possible."""
    import tempfile  # most of the time all are known

    text = json.dumps({"reader": _reader(), "signature": to_json(signature)})
    try:
        target = _file(signature.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, target)
        except OSError:
            os.unlink(name)
    except (OSError, RuntimeError):
        return


def _file(path: str) -> Path:
    tag = hashlib.sha256(str(Path(path).absolute()).encode()).hexdigest()[:16]
    return folder() / f"{Path(path).stem}-{tag}.json"


@once
def _reader() -> str:
    """The digest of the code that reads signatures: what another reader wrote is not believed."""
    here = Path(signatures.__file__).parent
    return hashlib.sha256(b"".join((here / f"{name}.py").read_bytes() for name in READERS)).hexdigest()


def to_json(signature: Signature) -> dict[str, Any]:
    """Plain data; a setting without a default has no key `default`."""
    found = attrs.asdict(signature, recurse=True)
    for setting in found["settings"]:
        if setting["default"] is REQUIRED:
            del setting["default"]
    return found


def from_json(plain: dict[str, Any]) -> Signature:
    """The signature that `to_json` made plain."""
    given = {name: _frozen(value) for name, value in plain.items()}
    given["edges"] = tuple(Edge(**e) for e in given["edges"])
    given["settings"] = tuple(SettingSpec(**s) for s in given["settings"])
    given["outputs"] = tuple(Output(**o) for o in given["outputs"])
    given["traits"] = OpTraits(**given["traits"])
    return Signature(**given)


def _frozen(value: Any) -> Any:
    """JSON has lists only; signatures have tuples."""
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return value
