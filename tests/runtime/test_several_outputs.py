"""Networks with several inputs and outputs in a step: merged, printed, told to ops, resumed; networks of one's own."""

from pathlib import Path

import torch
from experiments import plan_of
from test_resume import outcome, stopped

from ssldsl.check import check
from ssldsl.ops.library import Library
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.modules import set_trained
from ssldsl.runtime.run import Options, run
from ssldsl.runtime.step.lower import lower
from ssldsl.runtime.step.module import make_step
from ssldsl.source import Source

LIBRARY = Library.shipped(installed=False)
FIELDS = {"all.image": (1, 8, 8)}
SPEC = """ssl 1
data   images  = digits()
stream all     = unlabel(images.train)
net    encoder = vit(width=8, depth=1, heads=2, patch=2, image=8, mask_token=true)
head   scores  = linear(encoder.dim, 5)
let    masks   = draw(2, block_patch_mask(all, patch=2, p=1.0, smallest=1))
let    seen    = encoder(all, mask=masks)
let    whole   = encoder(all)
loss   = mean(squared_error(scores(seen), stop(scores(whole)))) as image
       + mean(mean(squared_error(scores(seen.tokens), stop(scores(whole.tokens))))) as tokens
batch  = {all: 8}
run    = 7it
precision = fp64
"""
QUIET = Options(is_progress_shown=False, keeps_state=True)


def test_forwards_with_masks_run_as_one_and_their_outputs_are_its_rows() -> None:
    plan = plan_of(SPEC)
    source = lower(plan, plan.stages[0], LIBRARY).source
    calls = [line.strip() for line in source.splitlines() if "self.encoder(" in line]
    assert len(calls) == 2 and ", mask=" in calls[0]
    assert "outputs.tokens" in source and "outputs.features" in source


def test_merged_or_not_the_loss_and_its_gradient_are_the_same() -> None:
    found = []
    for level in (0, 1):
        plan = plan_of(SPEC, level=level)
        modules = build_modules(plan, FIELDS, LIBRARY).double()
        set_trained(plan.stages[0], modules)
        batch = {"all.image": torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(0)).double()}
        batch |= {f"all.{name}": torch.arange(8) for name in ("index", "epoch", "copy")}
        given = make_step(plan, plan.stages[0], modules, LIBRARY)(batch, torch.zeros(0))
        given["loss"].backward()
        found.append([given["loss"].detach(), *(p.grad for p in modules.parameters() if p.grad is not None)])
    torch.testing.assert_close(*found)


def test_an_output_that_nobody_asks_for_leaves_no_trace() -> None:
    text = SPEC.replace("+ mean(mean(squared_error(scores(seen.tokens), stop(scores(whole.tokens))))) as tokens", "")
    plan = plan_of(text)
    source = lower(plan, plan.stages[0], LIBRARY).source
    assert "tokens" not in source and "outputs" not in source
    assert ").features" in next(line for line in source.splitlines() if "self.encoder(" in line)


def test_stopped_and_continued_it_is_the_same_run(tmp_path: Path) -> None:
    run(plan_of(SPEC), tmp_path / "whole", LIBRARY, QUIET)
    stopped(plan_of(SPEC), tmp_path / "stopped", 3)
    assert outcome(tmp_path / "stopped") == outcome(tmp_path / "whole")


def test_tokens_are_read_by_an_evaluation(tmp_path: Path) -> None:
    text = SPEC + (
        "eval knn_accuracy(token_mean(encoder(images.test).tokens), images.test.label, "
        "token_mean(encoder(images.train).tokens), images.train.label) as of_tokens\n"
    )
    assert run(plan_of(text), tmp_path, LIBRARY, QUIET).status == "finished"


OWN = '''
from typing import NamedTuple

from torch import Tensor, nn

from ssldsl.ops import Features, Images, PositiveInt, Weights, op


class Both(NamedTuple):
    features: Features[Tensor, "batch {width}"]
    places: Features[Tensor, "batch places {width}"]


@op(role="nets")
class Weighed(nn.Module):
    """A convolution, its images weighed first if weights are given."""

    def __init__(self, channels: PositiveInt, *, width: PositiveInt = 4) -> None:
        super().__init__()
        self.map = nn.Conv2d(channels, width, 3, stride=2)

    def forward(
        self, images: Images[Tensor, "batch channels h w"], by: Weights[Tensor, "batch"] | None = None
    ) -> Both:
        seen = images if by is None else images * by[:, None, None, None]
        maps = self.map(seen).flatten(2).transpose(1, 2)
        return Both(maps.mean(dim=1), maps)
'''
OWN_SPEC = """ssl 1
use "weighed.py"
data   images  = digits()
stream labeled = images.train
net    encoder = weighed(width=6)
head   classes = linear(encoder.dim, images.classes)
let    sure    = confidence(probabilities(stop(classes(encoder(labeled)))))
let    seen    = encoder(labeled, by=sure)
loss   = ce(labeled, net=encoder >> classes) + mean(squared_error(seen.places, stop(encoder(labeled).places))) as same
batch  = {labeled: 8}
run    = 4it
eval top1(images.test)
"""


def test_a_network_of_ones_own_has_further_inputs_and_outputs(tmp_path: Path) -> None:
    (tmp_path / "weighed.py").write_text(OWN)
    checked = check(Source(str(tmp_path / "own.ssl"), OWN_SPEC))
    plan = make_plan(checked.unwrap(), sizes={})
    assert (
        run(
            plan, tmp_path / "run", checked.library, Options(is_progress_shown=False, keeps_state=True, folder=tmp_path)
        ).status
        == "finished"
    )
