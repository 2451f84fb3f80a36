"""A user's own ops: they run, and what goes wrong in them is said with the line of their file and of the spec."""

from pathlib import Path

import pytest
from using import message, run, ssldsl, write


def test_a_loss_a_view_and_a_network_of_ones_own_train_and_resume_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write(tmp_path).parent)
    done = run(Path("own.ssl"))
    assert done.return_value == 0
    monkeypatch.chdir("/")
    again = ssldsl("resume", tmp_path / "runs" / "own-s0-1", "--no-progress", "--no-report")
    assert again.return_value == 0
    assert "is finished: only what is missing or damaged is made again" in again.stderr


def test_ops_of_ones_own_take_part_in_smoke_runs_and_are_printed(tmp_path: Path) -> None:
    spec = write(tmp_path)
    assert run(spec, "--smoke").return_value == 0
    assert "my_ops.py" in ssldsl("compile", spec).stdout


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("logits.abs()", "logits.reshape(7, 7)", ["`spread` failed at step 1", "line 12: `return", "common.ssl:2:"]),
        ("return images +", "return imgaes +", ["`noise` failed", "NameError", "line 20: `return", "own.ssl:5:"]),
        ("width, 3)", "width, 30)", ["the network `encoder` failed", "line 32: `return"]),
        ("nn.Conv2d(channels", "nn.Conv2(channels", ["`encoder` cannot be made", "line 29: `self.conv", "own.ssl:6:"]),
        ("from torch", "import no_such_module\nfrom torch", ["my_ops.py` cannot be loaded", "no_such_module"]),
    ],
)
def test_a_mistake_in_an_op_is_said_with_both_lines(right: str, wrong: str, said: list[str], tmp_path: Path) -> None:
    text = message(run(write(tmp_path, ops=(right, wrong))))
    assert [part for part in said if part not in text] == [], text


MEMORY = '''
@op()
class Usual(nn.Module):
    """The mean scores of the last step."""

    def __init__(self, classes: PositiveInt) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(classes))

    def forward(self, logits: Logits[Tensor, "batch classes"]) -> Values[Tensor, "classes"]:
        return self.mean

    def commit(self, logits: Tensor) -> None:
        self.mean.copy_(logits.mean(dim=0))
'''


@pytest.mark.parametrize(("mean", "ends_well"), [("logits.mean(dim=0)", True), ("logits.mean()[3]", False)])
def test_a_memory_of_ones_own_remembers_and_its_mistakes_have_both_lines(
    mean: str, ends_well: bool, tmp_path: Path
) -> None:
    lets = "let seen = classes(encoder(labeled))\nlet level = centered(seen, usual(seen))\nloss "
    spec = write(tmp_path, spec=("loss ", lets), ops=("Scalar, op", "Scalar, Values, op"))
    spec.write_text(spec.read_text().replace("ce(labeled)", "ce(labeled) + entropy(level)", 1))
    file = tmp_path / "my_ops.py"
    file.write_text("import torch\n" + file.read_text() + MEMORY.replace("logits.mean(dim=0)", mean))
    done = run(spec)
    assert (done.return_value == 0) == ends_well, done.stderr
    if not ends_well:
        text = message(done)
        assert (
            "`usual` failed at step 1" in text and "self.mean.copy_(logits.mean()[3])" in text and "let level" in text
        )


def test_a_run_whose_ops_have_changed_is_not_continued(tmp_path: Path) -> None:
    run(write(tmp_path))
    write(tmp_path, ops=("logits.abs()", "logits.square()"))
    text = message(ssldsl("resume", tmp_path / "runs" / "own-s0-1", "--no-progress", "--no-report"))
    assert "the source of the op `spread` has changed" in text


FAILING = '''
import torch
from torch import Tensor, nn

from ssldsl.ops import Features, PositiveFloat, PositiveInt, Scheduled, Time, op


@op()
def bumpy(step: Time, steps: Time) -> float:
    """A factor."""
    return BUMPY


@op()
def plain(parameters: list[dict], *, lr: Scheduled[PositiveFloat] = 0.1) -> torch.optim.Optimizer:
    """Descent."""
    return PLAIN


@op()
class Old(nn.Module):
    """The features of the last step, averaged."""

    def __init__(self, dim: PositiveInt) -> None:
        super().__init__()
        self.register_buffer("mean", OLD)

    def forward(self, features: Features[Tensor, "batch dim"]) -> Features[Tensor, "batch dim"]:
        return self.mean.expand_as(features)

    def commit(self, features: Tensor) -> None:
        self.mean.copy_(features.mean(dim=0))
'''
SOUND = {"BUMPY": "1.0", "PLAIN": "torch.optim.SGD(parameters, lr)", "OLD": "torch.zeros(dim)"}


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("BUMPY", "1 / 0", ["the schedule `bumpy` failed at step 1: ZeroDivisionError", "`return 1 / 0`"]),
        ("BUMPY", "None", ["the schedule `bumpy` failed at step 1", "and is NoneType"]),
        ("PLAIN", "torch.optim.SGD(parameters, -1)", ["the optimizer `plain` cannot be made", "own.ssl:"]),
        ("PLAIN", "None", ["`plain` gave a NoneType, and no optimizer", "own.ssl:"]),
        ("OLD", "torch.zeros(-dim)", ["`old` cannot be made", "own.ssl:"]),
    ],
)
def test_a_schedule_an_optimizer_or_a_memory_that_fails_is_told(
    name: str, wrong: str, said: list[str], tmp_path: Path
) -> None:
    text = FAILING
    for word, code in (SOUND | {name: wrong}).items():
        text = text.replace(word, code)
    (tmp_path / "failing.py").write_text(text, "utf-8")
    spec = tmp_path / "own.ssl"
    spec.write_text(
        """ssl 1
use "failing.py"
data images = digits()
stream labeled = images.train.subset(40, seed=0)
net encoder = convnet(width=4)
head classes = linear(encoder.dim, images.classes)
let z = encoder(labeled)
loss = ce(labeled) + 0.1*mean(squared_error(z, stop(old(stop(z)))))
optimizer = plain(lr=0.1*bumpy())
batch = 20
run = 2it
""",
        "utf-8",
    )
    told = message(run(spec))
    assert [part for part in said if part not in told] == [], told
