"""Crops of several sizes: how often networks run, in what order rows lie, and what several processes get."""

import pytest
import torch
from multicrop import close, one_step, plan_of
from ranks import WORLD, Ranks
from test_step_of_specs import plan_of as spec_plan


def test_the_backbone_runs_once_for_each_size_and_the_head_once_over_all_rows() -> None:
    seen = one_step(0, plan_of())["seen"]
    # 2 large crops of 16 images, their mixture, 8 labeled images and their mixture; 4 small crops
    assert sorted((len(rows), rows.shape[-1]) for rows in seen["encoder"]) == [(64, 6), (64, 8)]
    for head in ("hidden", "bottleneck", "clusters"):
        assert [len(rows) for rows in seen[head]] == [128]


def test_rows_lie_crop_after_crop() -> None:
    together = one_step(0, plan_of())["seen"]["encoder"]
    apart = one_step(0, plan_of("group", "none", "separate", level=0))["seen"]["encoder"]
    for size, crops in ((6, 4), (8, 2)):
        merged = next(rows for rows in together if rows.shape[-1] == size)
        single = [rows for rows in apart if rows.shape[-1] == size and len(rows) == 16][:crops]
        assert torch.equal(merged[: 16 * crops], torch.cat(single))


def test_without_coupling_of_rows_one_forward_gives_what_many_give() -> None:
    expected = one_step(0, plan_of("group", "none", "separate", level=0))
    found = one_step(0, plan_of("group", "none", "concat"))
    assert len(expected["seen"]["clusters"]) == 9 and len(found["seen"]["clusters"]) == 1
    for part in ("values", "gradients"):
        close(found[part], expected[part])


@pytest.mark.parametrize(("images", "vectors"), [("group", "none"), ("batch", "batch")])
def test_two_processes_take_the_step_of_one_on_the_joined_batch(ranks: Ranks, images: str, vectors: str) -> None:
    plan = plan_of(images, vectors)
    expected = one_step(0, plan)
    found = ranks.call(one_step, plan, WORLD)
    close({n: sum(f["values"][n] for f in found) / WORLD for n in expected["values"]}, expected["values"])
    for f in found:
        close(f["gradients"], expected["gradients"])
        close(f["buffers"], expected["buffers"])


def test_an_online_head_changes_only_its_own_gradient() -> None:
    with_head, without = one_step(0, plan_of(online=1.0)), one_step(0, plan_of(online=0.25))
    for name, gradient in with_head["gradients"].items():
        assert torch.equal(gradient, without["gradients"][name]) != name.startswith("online")


JOINED = """ssl 1
data   images    = digits()
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=4)
head   classes   = linear(encoder.dim, 10)
loss  = entmin(concat(draw(2, unlabeled)) >> random_shift(3))
batch = {unlabeled: 16}
run   = 3it
"""


def test_a_view_draws_anew_for_both_copies_of_a_sample_that_are_joined() -> None:
    (rows,) = one_step(0, spec_plan(JOINED, 1))["seen"]["encoder"]
    first, second = rows.chunk(2)
    assert sum(torch.equal(a, b) for a, b in zip(first, second, strict=True)) < 4  # one in 49 by chance
