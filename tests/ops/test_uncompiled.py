"""Torch's compiler is left where it is: out of a process that compiles nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from ssldsl.ops.uncompiled import uncompiled_optimizer

QUICKSTART = Path(__file__).parents[2] / "specs/quickstart.ssl"


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
def test_an_optimizer_takes_the_steps_of_torch_to_the_bit(kind: type[torch.optim.Optimizer]):
    torch.manual_seed(0)
    batch = torch.randn(5, 4)

    def trained(made: type[torch.optim.Optimizer]) -> torch.Tensor:
        torch.manual_seed(1)
        net = nn.Linear(4, 2)
        optimizer = made(net.parameters(), lr=0.1, weight_decay=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            net(batch).square().sum().backward()
            optimizer.step()
        return net.weight.detach()

    assert torch.equal(trained(uncompiled_optimizer(kind)), trained(kind))


def test_a_run_that_compiles_nothing_does_not_import_the_compiler(tmp_path: Path):
    words = ["ssldsl", "run", str(QUICKSTART), "--set", "run=1it", "--no-report", "-o", str(tmp_path)]
    code = f"""
import atexit, sys
atexit.register(lambda: print(sorted({{"torch._dynamo", "torch._inductor", "sympy"}} & set(sys.modules))))
sys.argv = {words!r}
from ssldsl.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
