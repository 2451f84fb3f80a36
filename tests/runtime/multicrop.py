"""A spec with everything that Suave needs without state: crops of two sizes, mixing, assignments, an online head."""

from typing import Any

import torch
from experiments import LIBRARY
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ssldsl.check import check
from ssldsl.graph.plan import Plan
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.data.datasets import Datasets, sample_shapes
from ssldsl.runtime.data.feed import Feed
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.modules import set_trained
from ssldsl.runtime.nets.norms import set_statistics
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.step.module import make_step
from ssldsl.source import Source

SPEC = """
ssl 1
data   images     = digits()
stream labeled    = images.train.subset(100, seed=0)
stream unlabeled  = unlabel(images.train)
view   large      = random_resized_crop(8, scale=[0.5, 1.0]) >> flip()
view   small      = random_resized_crop(6, scale=[0.2, 0.5]) >> flip()
net    encoder    = convnet(width=8, norm="{images}")
net    hidden     = mlp(width=16, depth=1, norm="{vectors}")
head   bottleneck = mlp_head(hidden.dim, hidden=[], out=12)
head   clusters   = linear(bottleneck.dim, images.classes)
head   online     = linear(hidden.dim, images.classes)
net    model      = encoder >> hidden >> bottleneck >> l2norm() >> clusters

let crops  = draw(2, large(unlabeled)) | draw(4, small(unlabeled))
let scores = model(crops)
let codes  = sinkhorn(stop(scores.first(2)))
let both   = mixup_or_cutmix(crops.first(1), crops.first(2).last(1))
let shown  = large(labeled)
let mixed  = mixup_or_cutmix(shown, shown)
let truth  = one_hot(labeled.label, images.classes)

loss = 0.8*swapped_cross_entropy(scores, codes) as swapped
     + 0.1*mean(soft_cross_entropy(model(both), mixed_targets(codes.first(1), codes.last(1), both.lam),
                                   temperature=0.1)) as mixed_views
     + cross_entropy(model(shown), labeled.label, temperature=0.1, smoothing=0.01) as clean
     + soft_cross_entropy(model(mixed), mixed_targets(truth, truth, mixed.lam), temperature=0.1,
                          smoothing=0.01) as mixed_labels
     + {online}*cross_entropy(online(stop(hidden(encoder(shown)))), labeled.label, smoothing=0.01) as probing
optimizer = lars(lr=0.4 * (warmup(1ep, endpoint=true) then cosine(to=0.0025)), momentum=0.9, weight_decay=1e-6)
forward   = {forward}
batch     = {{labeled: 8, unlabeled: 16}}
clock     = unlabeled
run       = 3ep
"""


def plan_of(
    images: str = "batch", vectors: str = "batch", forward: str = "concat", online: float = 1.0, level: int = 1
) -> Plan:
    text = SPEC.format(images=images, vectors=vectors, forward=forward, online=online)
    checked = check(Source("suave.ssl", text))
    assert checked.program is not None, checked.diagnostics
    return make_plan(checked.program, sizes={}, level=level)


def one_step(rank: int, plan: Plan, world: int = 1) -> dict[str, Any]:
    """Loss, terms, gradients and buffers of a step on a process's share; what was sent through each module."""
    stage = plan.stages[0]
    samples = Datasets(LIBRARY).streams(stage)
    modules = build_modules(plan, sample_shapes(samples), LIBRARY)
    set_trained(stage, modules)
    if world > 1:
        set_statistics(modules, across_processes=True)
    step = make_step(plan, stage, modules, LIBRARY, shards=world)
    seen = inputs_of(modules)
    model = DistributedDataParallel(step) if world > 1 else step
    batch = Feed(plan, stage, samples, library=LIBRARY, rank=rank, world=world).batch_at(3)
    values = model(batch, Scalars(stage, LIBRARY).tensor_at(3))
    values["loss"].backward()
    return {
        "values": {name: value.detach() for name, value in values.items()},
        "gradients": {name: p.grad for name, p in modules.named_parameters()},
        "buffers": dict(modules.named_buffers()),
        "seen": seen,
    }


def inputs_of(modules: nn.ModuleDict) -> dict[str, list[Tensor]]:
    """By module, what its forwards get; filled as they run."""
    seen: dict[str, list[Tensor]] = {name: [] for name in modules}
    for name, module in modules.items():

        def note(_: nn.Module, given: tuple[Tensor, ...], name: str = name) -> None:
            seen[name].append(given[0].detach())

        module.register_forward_pre_hook(note)
    return seen


def close(found: Any, expected: Any, atol: float = 1e-5) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=atol)
