"""Whatever holds state begins with values that follow from the seed and its path, whichever generator it asks."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from small_specs import WITH_OPS

from ssldsl.check import check
from ssldsl.errors import SpecError
from ssldsl.ops.library import Library
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.folder.checkpoint import latest, read_part
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.nets.first_values import first_values
from ssldsl.runtime.run import Options, run
from ssldsl.source import Source

OPS = '''
import random

import numpy as np
import torch
from torch import Tensor, nn

from ssldsl.ops import Logits, PositiveInt, Probs, Values, op


@op(role="memory")
class RandomBank(nn.Module):
    """Rows that lie somewhere at first."""

    def __init__(self, classes: PositiveInt) -> None:
        super().__init__()
        self.register_buffer("rows", torch.randn(4, classes))
        self.register_buffer("shift", torch.tensor([np.random.rand(), random.random()]))

    def forward(self, probs: Probs[Tensor, "batch classes"]) -> Values[Tensor, "classes"]:
        return self.rows.mean(0)

    def commit(self, probs: Tensor) -> None:
        self.rows += probs.mean(0)


@op(role="targets")
def away(probs: Probs[Tensor, "batch classes"], mean: Values[Tensor, "classes"]) -> Probs[Tensor, "batch classes"]:
    """Probabilities moved by what is remembered."""
    return (probs.log() - mean).softmax(-1)


@op(role="heads")
class Jig(nn.Module):
    """Adds noise that is drawn once."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("noise", torch.randn(1))

    def forward(self, inputs: Logits[Tensor, "batch classes"]) -> Logits[Tensor, "batch classes"]:
        return inputs + self.noise
'''
SPEC = f"{WITH_OPS}seed  = {{seed}}\n"
REMEMBERING = """
let q = probabilities(stop(classes(encoder(labeled))))
loss  = ce(labeled, net=encoder >> classes) + kl(classes(encoder(labeled)), away(q, random_bank(q))) as moved
"""
UNNAMED = """
net model = encoder >> classes
loss = ce(labeled, net=model) + cross_entropy(jig(model(labeled)), labeled.label) as odd
"""
EVALUATED = """
net model = encoder >> classes
loss = ce(labeled, net=model)
eval accuracy(jig(model(images.test)), images.test.label)
"""
SCALED = """
net model = encoder >> classes
loss = ce(labeled, net=model)
def unit(x) = l2norm(encoder(x))
eval knn_accuracy(unit(images.test), images.test.label, unit(images.train), images.train.label) as sphere
eval knn(images.test, images.train)
"""


def trained(folder: Path, more: str, name: str, seed: int = 0) -> dict[str, torch.Tensor]:
    """Everything that a run remembers at its end."""
    (folder / "my_ops.py").write_text(OPS)
    library = Library.shipped(installed=False).with_file(folder / "my_ops.py")
    checked = check(Source(str(folder / "a.ssl"), SPEC.format(ops="my_ops.py", more=more, seed=seed)))
    plan = make_plan(checked.unwrap(), sizes={})
    run(plan, folder / name, library, Options(is_progress_shown=False))
    last = latest(folder / name / "checkpoints")
    assert last is not None
    return {part + key: t for part in ("weights", "memory") for key, t in read_part(last, part).items()}


def test_two_runs_of_a_seed_begin_with_the_same_memories(tmp_path: Path) -> None:
    torch.manual_seed(1)
    one = trained(tmp_path, REMEMBERING, "one")
    random.seed(2), np.random.seed(2), torch.manual_seed(2)
    two = trained(tmp_path, REMEMBERING, "two")
    assert any("memory" in key for key in one)
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_another_seed_begins_with_other_memories(tmp_path: Path) -> None:
    one, two = (trained(tmp_path, REMEMBERING, f"seed{seed}", seed) for seed in (0, 1))
    bank = next(key for key in one if key.endswith("shift"))
    assert not torch.equal(one[bank], two[bank])


@pytest.mark.parametrize("more", [UNNAMED, EVALUATED], ids=["in a loss", "in an evaluation"])
def test_a_module_that_holds_values_needs_a_name(more: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        trained(tmp_path, more, "run")
    (found,) = caught.value.diagnostics
    assert "`jig` holds values of its own (noise)" in found.message
    assert found.span is not None and "head NAME = jig" in found.help


def test_a_module_without_values_is_called_in_an_evaluation_as_in_a_loss(tmp_path: Path) -> None:
    trained(tmp_path, SCALED, "run")
    found = read_lines(tmp_path / "run")[0][-1]["eval"]
    assert found["sphere"] == found["knn"] > 0.2  # neighbors are sought on the sphere anyway


@pytest.mark.parametrize("draw", [lambda: torch.rand(3).tolist(), lambda: np.random.rand(3).tolist(), random.random])
def test_a_path_gives_its_numbers_and_leaves_the_generators_as_they_were(draw) -> None:
    random.seed(7), np.random.seed(7), torch.manual_seed(7)
    with first_values(0, "encoder"):
        first = draw()
    after = draw()
    random.seed(7), np.random.seed(7), torch.manual_seed(7)
    assert draw() == after
    with first_values(0, "encoder"):
        assert draw() == first
    with first_values(0, "decoder"):
        assert draw() != first
