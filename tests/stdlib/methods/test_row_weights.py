"""Weights of Suave's terms by their share of the rows, said with params: worked numbers, intended and as released."""

import pytest

from ssldsl.check import check
from ssldsl.check.nodes import Constant
from ssldsl.source import Source

SPEC = """
ssl 1
param  u: count = 4  # unlabelled images of a step, three crops of each
param  l: count = 1  # labelled images, each as it is and mixed
param  mixed: count = u
let    rows = 3*u + 2*l + mixed

data   images    = digits()
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
net    model     = encoder >> classes
let    crops     = draw(3, shift(unlabeled))
loss = 3*u/rows * swapped_prediction(crops, net=model)
     + 2*l/rows * mixed_ce(labeled, images.classes, temperature=0.1, smoothing=0.01)
     + mixed/rows * mixed_prediction(crops, net=model)
batch = {labeled: l, unlabeled: u}
clock = unlabeled
run   = 3ep
variant as_released { set mixed = 1 }
"""
VALUES = {"swapped_prediction": 1.158341, "mixed_ce": 0.513029, "mixed_prediction": 1.598732}


@pytest.mark.parametrize(
    ("variants", "weights", "total"),
    [((), (0.666667, 0.111111, 0.222222), 1.184504), (("as_released",), (0.8, 0.133333, 0.066667), 1.101659)],
)
def test_terms_weigh_as_much_as_they_have_rows(
    variants: tuple[str, ...], weights: tuple[float, ...], total: float
) -> None:
    program = check(Source("suave.ssl", SPEC), variants=variants).program
    assert program is not None
    found = {t.name: t.weight.value for t in program.stages[0].terms if isinstance(t.weight, Constant)}
    assert tuple(found.values()) == pytest.approx(weights, abs=1e-6)
    assert sum(VALUES[name] * weight for name, weight in found.items()) == pytest.approx(total, abs=1e-6)
