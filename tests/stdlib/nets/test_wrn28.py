import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ssldsl.stdlib.nets.wrn28 import Wrn28

SETTINGS = {"widen": 1}  # with which the tests of all ops call it


@pytest.mark.parametrize(("widen", "classes", "count"), [(2, 10, 1_467_610), (8, 100, 23_401_012)])
def test_it_has_the_number_of_weights_of_the_reference_with_its_classifier(
    widen: int, classes: int, count: int
) -> None:
    with torch.device("meta"):
        net = nn.Sequential(Wrn28(3, widen=widen), nn.Linear(64 * widen, classes))
    assert sum(p.numel() for p in net.parameters()) == count


def reference(images: Tensor, state: dict[str, Tensor]) -> Tensor:
    """The network written out as a formula, in evaluation mode."""

    def activated(h: Tensor, name: str) -> Tensor:
        mean, variance, scale, shift = (
            state[f"{name}.0.{key}"] for key in ("running_mean", "running_var", "weight", "bias")
        )
        return functional.leaky_relu(functional.batch_norm(h, mean, variance, scale, shift), 0.1)

    h = functional.conv2d(images, state["conv1.weight"], padding=1)
    for g in (1, 2, 3):
        for u in range(4):
            name, stride = f"group{g}.{u}", 2 if u == 0 and g > 1 else 1
            a = activated(h, f"{name}.before")
            if g == 1 and u == 0:
                h = a
            if f"{name}.shortcut.weight" in state:
                h = functional.conv2d(h, state[f"{name}.shortcut.weight"], stride=stride)
            b = functional.conv2d(a, state[f"{name}.conv1.weight"], stride=stride, padding=1)
            b = functional.conv2d(activated(b, f"{name}.between"), state[f"{name}.conv2.weight"], padding=1)
            h = h + b
    return activated(h, "head").mean((2, 3))


def test_it_computes_the_formula_of_the_reference() -> None:
    torch.manual_seed(0)
    net = Wrn28(3)
    images = torch.rand(4, 3, 16, 16)
    net(images)  # moves the running statistics off their start
    with torch.no_grad():
        torch.testing.assert_close(
            net.eval()(images).features, reference(images, net.state_dict()), atol=1e-5, rtol=1e-4
        )


def test_settings_reach_every_normalization_and_activation() -> None:
    net = Wrn28(3, widen=1, slope=0.0, momentum=0.001, epsilon=1e-3)
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    assert {(n.momentum, n.eps) for n in norms} == {(0.001, 1e-3)} and len(norms) == 25
    assert not any(isinstance(m, nn.LeakyReLU) for m in net.modules())
