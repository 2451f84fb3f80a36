"""Which views are called once for several batches, and which are left out."""

from collections import Counter
from collections.abc import Collection

import pytest
from programs import context, graph, program

from ssldsl.passes import run_passes

SPEC = """ssl 1
data   images    = {data}
stream labeled   = images.train.subset(40, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, 10)
let views = {views}
loss  = ce(labeled >> random_resized_crop(8)) + mean(entropy(classes(encoder(views)))) as entropy
batch = {{labeled: 20, unlabeled: 20}}
run   = 3it
clock = labeled
"""


def calls(views: str, data: str = "digits()", level: int = 1, resident: Collection[str] | None = None) -> Counter[str]:
    """How often a step calls each view."""
    made = program(SPEC.format(views=views, data=data))
    found = run_passes(graph(made), context(made, resident), level=level)
    return Counter(n.op for n in found.nodes if n in found.step_nodes and n.op in ("random_resized_crop", "flip"))


CROP = "random_resized_crop(8)"


@pytest.mark.parametrize(
    ("views", "crops", "flips"),
    [
        (f"draw(4, unlabeled >> {CROP} >> flip())", 1, 1),
        (f"unlabeled >> {CROP} | unlabeled >> random_resized_crop(6)", 2, 0),
        (f"draw(2, unlabeled >> {CROP} >> flip(p=0.5)) | draw(2, unlabeled >> {CROP} >> flip(p=0.1))", 1, 2),
        (f"unlabeled >> {CROP} >> flip() | unlabeled >> flip() >> {CROP}", 2, 2),
        (f"draw(2, unlabeled >> {CROP} >> flip(p=0))", 1, 0),
    ],
)
def test_views_of_equal_settings_and_images_of_one_shape_are_one_call(views: str, crops: int, flips: int) -> None:
    assert calls(views) == Counter(
        {"random_resized_crop": crops, "flip": flips} if flips else {"random_resized_crop": crops}
    )


def test_without_optimization_every_view_is_a_call() -> None:
    assert calls(f"draw(4, unlabeled >> {CROP} >> flip(p=0))", level=0) == {"random_resized_crop": 5, "flip": 4}


def test_what_workers_make_of_single_samples_stays_apart() -> None:
    views = f"draw(2, unlabeled >> {CROP} >> flip())"
    found = calls(views, data='image_folder(path="photos")', resident=())
    assert found == {"random_resized_crop": 3, "flip": 1}
