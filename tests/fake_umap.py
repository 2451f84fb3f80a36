"""A stand-in for the package umap-learn, which compiles for half a minute before it places a single point."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np
import pytest


class Plain:
    """Places every row at its first two numbers, and remembers what it was asked."""

    asked: dict[str, Any]
    rows: np.ndarray

    def __init__(self, **settings: Any) -> None:
        type(self).asked = settings

    def fit_transform(self, rows: np.ndarray) -> np.ndarray:
        type(self).rows = rows
        return rows[:, :2]


def install(patch: pytest.MonkeyPatch) -> type[Plain]:
    """Put it in the place of the package."""
    module = ModuleType("umap")
    module.__spec__ = ModuleSpec("umap", None)
    module.UMAP = Plain  # type: ignore[attr-defined]  # what the package has
    patch.setitem(sys.modules, "umap", module)
    return Plain
