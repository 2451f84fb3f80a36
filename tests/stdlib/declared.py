"""What the test of an op says for the tests of all ops: how to call it, and which of them do not hold.

    SETTINGS = {"hidden": [7], "out": 4}  # of every call: what has no default, and small sizes for large networks
    VARIANTS = {"bicubic": {"interpolation": "bicubic"}}  # of a view: what holds with these settings too
    EXEMPT = {"images_of_one_channel_are_taken": "it mixes hues"}  # of a view: a test of all views, and why it fails

They are read and not imported, so they are literals.
"""

import ast
from functools import cache
from pathlib import Path
from typing import Any

from ssldsl.ops.signature import Signature

HERE = Path(__file__).parent


def settings(signature: Signature) -> dict[str, Any]:
    """`SETTINGS` of the op's test."""
    return dict(_literals(signature).get("SETTINGS", {}))


def variants(signature: Signature) -> dict[str, dict[str, Any]]:
    """`VARIANTS` of the op's test."""
    return dict(_literals(signature).get("VARIANTS", {}))


def exemptions(signature: Signature) -> dict[str, str]:
    """`EXEMPT` of the op's test."""
    return dict(_literals(signature).get("EXEMPT", {}))


def test_file(signature: Signature) -> Path:
    """Where the op's test is."""
    return HERE / signature.role / f"test_{signature.name}.py"


def _literals(signature: Signature) -> dict[str, Any]:
    path = test_file(signature)
    return _read(path) if path.exists() else {}


@cache
def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        match statement:
            case ast.Assign(targets=[ast.Name("SETTINGS" | "VARIANTS" | "EXEMPT" as name)], value=value):
                found[name] = ast.literal_eval(value)
    return found
