"""Rows of one sample side by side, or parts one after another: what may be averaged."""

import pytest

from specs import codes, with_loss

LETS = """let a = unlabeled >> rotate4()
let b = unlabeled >> rotate4() >> random_shift(2)
let c = draw(4, random_shift(unlabeled))
net model = encoder >> classes"""


@pytest.mark.parametrize(
    "scores",
    [
        "average_views(model(a), n_views=4)",
        "average_views(model(concat(a | b)), n_views=4)",
        "average_views(concat(model(a | b)), n_views=2)",
        "average_views(average_views(model(a), n_views=2), n_views=2)",
        "average_views(0.5*model(a) + 0.5*model(b), n_views=4)",
        "average_views(mean(model(a | b)), n_views=4)",
    ],
)
def test_copies_that_a_view_makes_may_be_averaged_joined_or_not(scores: str) -> None:
    assert codes(with_loss(f"ce(labeled) + entropy({scores})", LETS)) == []


@pytest.mark.parametrize(
    "scores",
    [
        "average_views(concat(model(c)), n_views=4)",
        "average_views(model(concat(c)), n_views=4)",
        "average_views(model(concat(a | b)), n_views=8)",
        "average_views(average_views(model(a), n_views=4), n_views=2)",
    ],
)
def test_parts_that_stand_one_after_another_may_not(scores: str) -> None:
    assert codes(with_loss(f"ce(labeled) + entropy({scores})", LETS)) in (["D414"], ["T311"])
