"""A person's own ops are held against what they say of themselves before anything is trained with them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_specs import WITH_OPS

from ssldsl.check import check
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.ops import decorator
from ssldsl.ops.library import Library
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.run import Options, run
from ssldsl.runtime.smoke.plan import smoke_plan
from ssldsl.source import Source

HEAD = """
import torch
from torch import Tensor, nn

from ssldsl.ops import Detached, Images, Labels, Logits, Masks, PositiveInt, Probs, Losses, Features, Scalar, Values, op
from ssldsl.ops.random import SampleRng

"""


@pytest.fixture(autouse=True)
def uncontracted() -> Iterator[None]:
    """What a run checks by itself: the contracts of the tests are left out."""
    before = decorator.wrap_ops(None)
    yield
    decorator.wrap_ops(before)


def written(folder: Path, code: str, more: str) -> tuple[Source, Library]:
    ops = folder / "own.py"
    ops.write_text(HEAD + code, "utf-8")
    return Source("own.ssl", WITH_OPS.format(ops="own.py", more=more)), Library.shipped().with_file(ops)


def ran(folder: Path, code: str, more: str, *, smoke: bool = False) -> Path:
    source, _ = written(folder, code, more)
    program = check(Source(str(folder / "own.ssl"), source.text)).unwrap()
    library = Library.shipped().with_file(folder / "own.py")
    plan = make_plan(program, sizes={})
    out = folder / "run"
    run(smoke_plan(plan, library) if smoke else plan, out, library, Options(is_progress_shown=False, folder=folder))
    return out


def refused(folder: Path, code: str, more: str, *, smoke: bool = False) -> Diagnostic:
    with pytest.raises(SpecError) as caught:
        ran(folder, code, more, smoke=smoke)
    found: Diagnostic = caught.value.diagnostics[0]
    assert found.code == "R414"
    assert any("own.py, line" in hint for hint in found.hints)
    return found


SMALLER = """
@op(role="views")
def cut(images: Images[Tensor, "batch channels height width"]) -> Images[Tensor, "batch channels height width"]:
    '''Another size than said.'''
    return images[:, :, :6, :6]
"""
SHUFFLED = SMALLER.replace("images[:, :, :6, :6]", "images.flip(0)")
RANDOM = SMALLER.replace("images[:, :, :6, :6]", "images + 0.1*torch.randn_like(images)")
NO_PROBS = """
@op(role="targets")
def sure(probs: Probs[Tensor, "batch classes"]) -> Probs[Tensor, "batch classes"]:
    '''Scores, where probabilities are promised.'''
    return 2 * probs
"""
NO_LABELS = """
@op(role="targets")
def likeliest(probs: Probs[Tensor, "batch classes"]) -> Labels[Tensor, "batch"]:
    '''Real numbers, where whole ones are promised.'''
    return probs.argmax(-1).float()
"""
CONTRASTIVE = """
@op(role="losses")
def nce(a: Features[Tensor, "batch dim"], b: Features[Tensor, "batch dim"]) -> Scalar[Tensor, ""]:
    '''Rows against rows.'''
    return nn.functional.cross_entropy(a @ b.T, torch.arange(len(a), device=a.device))
"""
CENTERED = """
@op(role="targets")
def centering(logits: Logits[Tensor, "batch classes"]) -> Logits[Tensor, "batch classes"]:
    '''Less the mean of the batch.'''
    return logits - logits.mean(0)
"""
CUT = """
@op(role="losses")
def pull(a: Logits[Tensor, "batch classes"], b: Logits[Tensor, "batch classes"]) -> Losses[Tensor, "batch"]:
    '''Towards a value without gradient.'''
    return (a - b.detach()).square().mean(-1)
"""
WHITENED = """
@op(role="heads")
class Whiten(nn.Module):
    '''Normalizes by the batch.'''
    def __init__(self, dim: PositiveInt) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(dim))
    def forward(self, features: Features[Tensor, "batch dim"]) -> Features[Tensor, "batch dim"]:
        return self.scale * (features - features.mean(0)) / features.std(0).add(1)
"""
DROPPING = WHITENED.replace(
    "(features - features.mean(0)) / features.std(0).add(1)", "nn.functional.dropout(features, 0.5, self.training)"
)
COUNTING = (
    WHITENED.replace("(features - features.mean(0)) / features.std(0).add(1)", "features * self.count()")
    + """
    calls = 0
    def count(self) -> int:
        self.calls += 1
        return 1
"""
)
BANK = """
@op(role="memory")
class PyState(nn.Module):
    '''A mean that is no buffer.'''
    def __init__(self, classes: PositiveInt) -> None:
        super().__init__()
        self.mean = torch.zeros(classes)
    def forward(self, probs: Probs[Tensor, "batch classes"]) -> Values[Tensor, "classes"]:
        return self.mean
    def commit(self, probs: Tensor) -> None:
        self.mean += probs.mean(0)

@op(role="targets")
def divided(probs: Probs[Tensor, "batch classes"], mean: Values[Tensor, "classes"]) -> Probs[Tensor, "batch classes"]:
    '''Probabilities over a mean.'''
    r = probs / (1 + mean)
    return r / r.sum(-1, keepdim=True)
"""
LOGITS = "classes(encoder(labeled))"
TARGET = f"let q = probabilities(stop({LOGITS}))\n"
WITH_HEAD = "head white = whiten()\nloss = ce(labeled, net=encoder >> white >> classes)"


@pytest.mark.parametrize(
    ("code", "more", "said", "help"),
    [
        (SMALLER, "loss = ce(cut(labeled))", "the result of `cut` is (20, 1, 6, 6)", "change the op"),
        (SHUFFLED, "loss = ce(cut(labeled))", "`cut` gives a row something else where other rows", "gather"),
        (RANDOM, "loss = ce(cut(labeled))", "other numbers when it is called again", "SampleRng"),
        (
            NO_PROBS,
            TARGET + f"loss = kl({LOGITS}, sure(q))",
            "rows of the result of `sure` should sum to one",
            "change",
        ),
        (NO_LABELS, TARGET + f"loss = cross_entropy({LOGITS}, likeliest(q))", "should be whole numbers", "change"),
        (CONTRASTIVE, "loss = nce(encoder(labeled), encoder(labeled >> random_shift(1)))", "that is no mean", "gather"),
        (CENTERED, f"loss = cross_entropy(centering({LOGITS}), labeled.label)", "`centering` gives a row", "gather"),
        (CUT, f"loss = pull({LOGITS}, classes(encoder(labeled >> random_shift(1))))", "to its edge `b`", "Detached"),
        (WHITENED, WITH_HEAD, "`whiten` gives a row something else", 'across="gather"'),
        (WHITENED.replace('"heads"', '"heads", batch_coupled=True'), WITH_HEAD, "`whiten` gives a row", "gather"),
        (DROPPING, WITH_HEAD, "draws random numbers where it learns", "random=True"),
        (COUNTING, WITH_HEAD, "`calls` of `whiten` changes from step to step", "register_buffer"),
        (
            BANK,
            TARGET + f"loss = ce(labeled) + kl({LOGITS}, divided(q, py_state(q)))",
            "`mean` of `py_state`",
            "buffer",
        ),
    ],
)
def test_what_an_op_says_and_does_not_do_is_said(tmp_path: Path, code: str, more: str, said: str, help: str) -> None:
    found = refused(tmp_path, code, more)
    assert said in found.message
    assert help in found.help
    assert found.span is not None


@pytest.mark.parametrize("code", [SMALLER, SHUFFLED])
def test_a_smoke_run_says_it_too(tmp_path: Path, code: str) -> None:
    assert "`cut`" in refused(tmp_path, code, "loss = ce(cut(labeled))", smoke=True).message


RIGHT = """
@op(role="views")
def fainter(images: Images[Tensor, "batch channels height width"], *, rng: SampleRng) -> Images[
    Tensor, "batch channels height width"
]:
    '''Each image a little darker.'''
    return images * (1 - 0.1 * rng.uniform()).view(-1, 1, 1, 1)

@op(role="losses", across="gather")
def nce(a: Features[Tensor, "batch dim"], b: Features[Tensor, "batch dim"]) -> Scalar[Tensor, ""]:
    '''Rows against rows.'''
    return nn.functional.cross_entropy(a @ b.T, torch.arange(len(a), device=a.device))

@op(role="losses")
def pull(a: Logits[Tensor, "batch classes"], b: Detached[Logits[Tensor, "batch classes"]]) -> Losses[Tensor, "batch"]:
    '''Towards a value without gradient.'''
    return (a - b).square().mean(-1)

@op(role="targets")
def pairs(a: Detached[Features[Tensor, "batch dim"]]) -> Masks[Tensor, "batch"]:
    '''Whether a row is long.'''
    return (a.norm(dim=-1) > 1).float()

@op(role="heads", batch_coupled=True)
class Normed(nn.Module):
    '''Batch normalization, and a buffer that is kept.'''
    def __init__(self, dim: PositiveInt) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(dim)
        self.register_buffer("seen", torch.zeros(()))
        self.table = None
    def forward(self, features: Features[Tensor, "batch dim"]) -> Features[Tensor, "batch dim"]:
        if self.table is None:
            self.table = torch.ones(1)
        if self.training:
            self.seen += 1
        return self.norm(features)
"""
RIGHT_SPEC = f"""
head norm = normed()
loss = (ce(labeled >> fainter(), net=encoder >> norm >> classes)
        + pull({LOGITS}, stop(classes(encoder(labeled >> random_shift(1)))))
        + mean(pairs(stop(encoder(labeled))) * pull({LOGITS}, stop({LOGITS}) * 2)) as masked
        + nce(encoder(labeled), encoder(labeled >> random_shift(1))) as contrast)
forward = separate
"""


def test_ops_that_are_what_they_say_train_as_if_nobody_had_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    unseen = tmp_path / "unseen"
    for folder in (seen, unseen):
        folder.mkdir()
    held, _ = read_lines(ran(seen, RIGHT, RIGHT_SPEC))
    monkeypatch.setattr("ssldsl.runtime.stage_setup.has_own_ops", lambda *given: False)
    free, _ = read_lines(ran(unseen, RIGHT, RIGHT_SPEC))
    assert held and [line["total"] for line in held] == [line["total"] for line in free]
