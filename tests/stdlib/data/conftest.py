"""Data sets of a few samples in the layouts of the real ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch

from ssldsl.ops.samples import MemorySamples


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No data set of this machine is found."""
    monkeypatch.delenv("SSLDSL_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`declare(op, splits={...})`: let a source declare the sizes of the small set that a test has made."""

    def change(source: Any, **traits: Any) -> None:
        monkeypatch.setattr(source, "ssldsl_traits", attrs.evolve(source.ssldsl_traits, **traits))

    return change


@pytest.fixture
def labeled() -> Callable[[list[int]], MemorySamples]:
    """`labeled(sizes)`: samples of as many classes, mixed, whose image is their number."""

    def make(sizes: list[int]) -> MemorySamples:
        labels = torch.cat([torch.full((size,), number) for number, size in enumerate(sizes)])
        labels = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(1))]
        images = torch.arange(len(labels), dtype=torch.float32).view(-1, 1, 1, 1)
        return MemorySamples.of(image=images, label=labels)

    return make
