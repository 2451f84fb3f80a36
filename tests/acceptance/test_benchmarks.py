"""The benchmark's own code: what it counts, and that the script for a GPU runs where there is none."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from benchmarks.kernels import count
from benchmarks.timing import peak_of

ROOT = Path(__file__).parents[2]
METHODS = ("convnet/s4l", "suave", "dino", "simclr", "fixmatch")


class Toy:
    """One product, its gradient, and an optimizer."""

    def __init__(self) -> None:
        self.weight = nn.Parameter(torch.ones(1000, 256))
        self.optimizer = torch.optim.SGD([self.weight], lr=0.1)
        self.value: Tensor | None = None

    def step(self, number: int) -> None:
        product = self.weight.view(256, 1000) * 2
        product.sum().backward()
        self.optimizer.step()
        self.optimizer.zero_grad()


def test_kernels_are_operations_that_compute_outside_of_the_optimizer() -> None:
    found = count(Toy())
    # product, sum; backward: the 1 to begin with, its product with 2
    assert found.by_name == {"aten::mul": 2, "aten::sum": 1, "aten::ones_like": 1}
    assert found.kernels == 4 and found.waits == 0


def test_memory_of_a_step_is_what_is_there_at_once() -> None:
    megabytes = peak_of(Toy, torch.device("cpu")) / (4 * 1000 * 256)
    assert 2 <= megabytes < 2.1  # the product and its gradient, or both gradients


@pytest.fixture(scope="module")
def table() -> str:
    command = [sys.executable, "-m", "benchmarks.gpu", "--tiny"]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


@pytest.mark.parametrize("method", METHODS)
def test_the_script_for_a_gpu_runs_small_on_a_cpu(table: str, method: str) -> None:
    rows = [line for line in table.splitlines() if line.startswith(f"| {method} |")]
    assert len(rows) == (2 if method == "convnet/s4l" else 3)
    assert not any("failed" in row for row in rows)
