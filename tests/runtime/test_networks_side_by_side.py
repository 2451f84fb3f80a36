"""Networks side by side: the features of each, joined; the gradient of each as in plain PyTorch."""

import torch
from experiments import FIELDS, LIBRARY, plan_of, random_batch
from torch.nn.functional import cross_entropy

from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.modules import set_trained
from ssldsl.runtime.step.module import make_step
from ssldsl.stdlib.views.sobel import sobel

SPEC = """ssl 1
data   images  = digits()
stream labeled = images.train
net    rgb     = convnet(width=8)
net    edges   = convnet(width=16)
net    towers  = rgb & (sobel() >> edges)
head   classes = linear(towers.dim, images.classes)
loss   = ce(labeled, net=towers >> classes)
batch  = {labeled: 8}
run    = 5it
"""


def test_features_are_joined_and_their_width_is_the_sum() -> None:
    plan = plan_of(SPEC)
    modules = build_modules(plan, FIELDS, LIBRARY)
    set_trained(plan.stages[0], modules)
    assert modules["classes"].map.in_features == 4 * 8 + 4 * 16
    batch = random_batch()
    found = make_step(plan, plan.stages[0], modules, LIBRARY)(batch, torch.zeros(0))
    found["loss"].backward()
    gradients = {name: p.grad.clone() for name, p in modules.named_parameters()}
    modules.zero_grad()
    images = batch["labeled.image"]
    joined = torch.cat([modules["rgb"](images), modules["edges"](sobel(images))], dim=1)
    expected = cross_entropy(modules["classes"](joined), batch["labeled.label"])
    expected.backward()
    torch.testing.assert_close(found["loss"], expected)
    for name, parameter in modules.named_parameters():
        torch.testing.assert_close(gradients[name], parameter.grad)


def test_three_networks_stand_in_one_row_and_new_ones_have_paths_of_their_own() -> None:
    text = SPEC.replace("rgb & (sobel() >> edges)", "rgb & edges & convnet(width=8)")
    plan = plan_of(text)
    assert [m.path for m in plan.modules] == ["rgb", "edges", "towers.2", "classes"]
    (joined,) = (node for node in plan.stages[0].nodes if node.op == "beside")
    assert len(joined.inputs) == 3


def test_networks_side_by_side_rest_together() -> None:
    (stage,) = plan_of(SPEC.replace("run ", "watch entropy(classes(rest(towers)(labeled))) as doubt\nrun ")).stages
    assert sum(node.settings.get("mode") == "rest" for node in stage.nodes) == 2
