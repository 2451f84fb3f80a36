"""Groups that are frozen: weights stand still while statistics move, and a part of a frozen network may learn."""

import torch

import ssldsl

SPEC = """\
ssl 1
data   images  = digits()
stream labeled = images.train.subset(100, seed=0)
net    encoder = resnet18(stem="cifar")
head   classes = linear(encoder.dim, images.classes)
loss   = ce(labeled)
batch  = 10
run    = 2it
groups = {encoder: {freeze: 100%}, encoder.layer4: {freeze: 0%}}
eval top1(images.test)
"""


def test_a_part_of_a_frozen_network_learns_and_all_statistics_move() -> None:
    step = ssldsl.loads(SPEC).step()
    encoder = step.parts.state.modules["encoder"]
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    for number in range(step.steps):
        step.take(number)
    moved = {name for name, value in encoder.state_dict().items() if not torch.equal(value, before[name])}
    statistics = {name for name, _ in encoder.named_buffers()}
    assert moved == statistics | {name for name, _ in encoder.named_parameters() if name.startswith("layer4.")}
