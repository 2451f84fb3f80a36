"""Annotations held against calls."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from ssldsl.ops.contract import ContractError, contracts_checked

OPS = '''
from typing import NamedTuple
import torch
from torch import Tensor, nn
from ssldsl.ops import *
from ssldsl.ops.net import Net


@op()
def compare(
    logits: Logits[Tensor, "batch classes"],
    labels: Labels[Tensor, "batch"],
    extra: Values[Tensor, "batch"] | None = None,
) -> Scalar[Tensor, ""]:
    """Compare."""
    return logits.sum()


@op()
def to_probs(logits: Logits[Tensor, "batch classes"], *, wrong: bool = False) -> Probs[Tensor, "batch classes"]:
    """Probabilities."""
    return logits if wrong else logits.softmax(-1)


@op()
def to_unit(features: Features[Tensor, "batch dim"], *, scale: float = 1.0) -> Embeddings[Tensor, "batch dim"]:
    """Unit rows."""
    return scale * nn.functional.normalize(features, dim=-1)


class Twice(NamedTuple):
    images: Images[Tensor, "2*batch channels size size"]
    which: Labels[Tensor, "2*batch"]


@op()
def twice(images: Images[Tensor, "batch channels size size"], *, wrong: bool = False) -> Twice:
    """Two copies."""
    images = images if wrong else images.repeat_interleave(2, dim=0)
    return Twice(images, torch.zeros(len(images), dtype=torch.long))


@op()
def crop(
    images: Images[Tensor, "batch channels h w"], *, size: PositiveInt
) -> Images[Tensor, "batch channels {size} {size}"]:
    """A corner."""
    return images[:, :, :size, :size]


@op()
def average(items: list[Logits[Tensor, "batch classes"]]) -> Logits[Tensor, "batch classes"]:
    """The mean."""
    return torch.stack(items).mean(0)


@op()
class Widen(nn.Module):
    """A map to twice the width."""

    def __init__(self, dim: PositiveInt, *, times: PositiveInt = 2, wrong: bool = False) -> None:
        super().__init__()
        self.map = nn.Linear(dim, times * dim + wrong)

    def forward(self, features: Features[Tensor, "batch dim"]) -> Features[Tensor, "batch {times*dim}"]:
        return self.map(features)
'''


@pytest.fixture(scope="module")
def ops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Ops of a user's file, imported with their calls checked."""
    path: Path = tmp_path_factory.mktemp("contract") / "checked_ops.py"
    path.write_text(OPS)
    spec = importlib.util.spec_from_file_location("checked_ops", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules["checked_ops"] = importlib.util.module_from_spec(spec)
    with contracts_checked():
        spec.loader.exec_module(module)
    yield module
    del sys.modules["checked_ops"]


def test_a_call_that_keeps_the_contract_passes(ops: ModuleType) -> None:
    ops.compare(torch.randn(3, 5), torch.tensor([0, 1, 2]))
    ops.compare(torch.randn(3, 5), torch.tensor([0, 1, 2]), torch.rand(3))
    ops.to_probs(torch.randn(3, 5))
    ops.to_unit(torch.randn(3, 5))
    ops.twice(torch.rand(3, 1, 4, 4))
    ops.crop(torch.rand(3, 1, 4, 5), size=2)
    ops.average([torch.randn(3, 5), torch.randn(3, 5)])
    ops.Widen(3)(torch.randn(2, 3))
    ops.Widen(dim=3, times=4)(torch.randn(2, 3))


def test_sizes_of_one_name_must_agree(ops: ModuleType) -> None:
    with pytest.raises(ContractError, match=r"`labels` of `compare` is \(4,\).*`batch` is 3"):
        ops.compare(torch.randn(3, 5), torch.zeros(4, dtype=torch.long))


def test_the_number_of_dimensions_must_agree(ops: ModuleType) -> None:
    with pytest.raises(ContractError, match=r"`logits` of `compare` is \(3,\)"):
        ops.compare(torch.randn(3), torch.zeros(3, dtype=torch.long))


def test_labels_are_whole_numbers_from_zero(ops: ModuleType) -> None:
    with pytest.raises(ContractError, match=r"should be whole numbers"):
        ops.compare(torch.randn(3, 5), torch.zeros(3))
    with pytest.raises(ContractError, match=r"should count from 0"):
        ops.compare(torch.randn(3, 5), torch.tensor([0, -1, 0]))


def test_other_kinds_are_floats(ops: ModuleType) -> None:
    with pytest.raises(ContractError, match=r"`logits` of `compare` should be Logits, and is torch.int64"):
        ops.compare(torch.zeros(3, 5, dtype=torch.long), torch.zeros(3, dtype=torch.long))


def test_probabilities_sum_to_one(ops: ModuleType) -> None:
    with pytest.raises(ContractError, match=r"rows of the result of `to_probs` should sum to one"):
        ops.to_probs(torch.randn(3, 5), wrong=True)


def test_embeddings_have_unit_rows(ops: ModuleType) -> None:
    with pytest.raises(ContractError, match=r"rows of the result of `to_unit` should have length one"):
        ops.to_unit(torch.randn(3, 5), scale=1.1)


def test_fields_of_a_result_are_checked_with_multiples(ops: ModuleType) -> None:
    with pytest.raises(ContractError, match=r"`images` of `twice` is \(3, 1, 4, 4\).*`2\*batch` is 6"):
        ops.twice(torch.rand(3, 1, 4, 4), wrong=True)


def test_sizes_made_of_settings_are_checked(ops: ModuleType) -> None:
    with pytest.raises(ContractError, match=r"`{size}` is 6"):
        ops.crop(torch.rand(3, 1, 4, 4), size=6)
    with pytest.raises(ContractError, match=r"`{times\*dim}` is 6"):
        ops.Widen(3, wrong=True)(torch.randn(2, 3))


def test_half_precision_is_measured_loosely(ops: ModuleType) -> None:
    ops.to_probs(torch.randn(64, 100).bfloat16())


def test_a_checked_op_keeps_name_and_facts(ops: ModuleType) -> None:
    assert ops.compare.__name__ == "compare"
    assert ops.compare.__module__ == "checked_ops"
    assert hasattr(ops.compare, "ssldsl_traits")
    assert isinstance(ops.Widen(3), torch.nn.Module)
    assert set(ops.Widen(3).state_dict()) == {"map.weight", "map.bias"}
