"""Weights of Suave's and Daino's terms by their share of the rows: worked numbers, intended and as released."""

import pytest

from ssldsl.check import check
from ssldsl.ir.nodes import Constant
from ssldsl.source import Source

SPEC = """
ssl 1
param  mixed: count = 4  # mixtures of crops
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
head   projector = mlp_head(encoder.dim, hidden=[], out=8) >> l2norm()
head   clusters  = prototypes(8, images.classes)
net    model     = encoder >> projector >> clusters
net    teacher   = ema(model, momentum=0.99)
let    crops     = draw(3, random_shift(unlabeled))
loss = {loss}
run  = 3ep
"""
# four unlabeled images in three crops, and a labeled one that is also mixed
SUAVE = SPEC.format(loss="suave(crops, labeled, images.classes, n_crops=3, u=4, l=1, n_mixed=mixed)")
SUAVE += "variant as_released { set mixed = 1 }"
# two unlabeled images in three crops, and a labeled one that is also mixed
DAINO = SPEC.format(loss="daino(crops, labeled, teacher, images.classes, n_crops=3, u=2, l=1, net=model)")
VALUES = {"swapped": 1.158341, "labeled": 0.513029, "mixed": 1.598732, "distilled": 0.225073}


@pytest.mark.parametrize(
    ("text", "variants", "weights", "total"),
    [
        (SUAVE, (), {"swapped": 0.666667, "labeled": 0.111111, "mixed": 0.222222}, 1.184504),
        (SUAVE, ("as_released",), {"swapped": 0.8, "labeled": 0.133333, "mixed": 0.066667}, 1.101659),
        (DAINO, (), {"distilled": 0.75, "labeled": 0.25}, 0.297062),
    ],
    ids=["intended", "released", "daino"],
)
def test_terms_weigh_as_much_as_they_have_rows(
    text: str, variants: tuple[str, ...], weights: dict[str, float], total: float
) -> None:
    program = check(Source("spec.ssl", text), variants=variants).unwrap()
    found = {t.name: t.weight.value for t in program.stages[0].terms if isinstance(t.weight, Constant)}
    assert found == pytest.approx(weights, abs=1e-6)
    assert sum(VALUES[name] * weight for name, weight in found.items()) == pytest.approx(total, abs=1e-6)
