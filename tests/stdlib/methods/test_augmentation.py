"""The papers' augmentations, step by step, as a table gives them; and those of the specs that use them."""

from pathlib import Path
from typing import Any

import pytest

from ssldsl import pipeline
from ssldsl.check import check
from ssldsl.ops.library import Library
from ssldsl.runtime.data.measure import assumed
from ssldsl.source import Source

SPECS = Path(__file__).parents[3] / "specs"
Chain = list[tuple[str, dict[str, Any]]]


def crop(size: int, low: float, high: float, interpolation: str = "bilinear") -> tuple[str, dict[str, Any]]:
    ratio = pytest.approx([3 / 4, 4 / 3])
    return "random_resized_crop", {"size": size, "scale": [low, high], "ratio": ratio, "interpolation": interpolation}


def jitter(brightness: float, contrast: float, saturation: float, hue: float) -> tuple[str, dict[str, Any]]:
    strengths = {"brightness": brightness, "contrast": contrast, "saturation": saturation, "hue": hue}
    return "color_jitter", {**strengths, "p": 0.8, "shuffled": True}


def swav(size: int, low: float, high: float) -> Chain:
    colors = [jitter(0.8, 0.8, 0.8, 0.2), ("grayscale", {"p": 0.2}), blur(0.5)]
    return [crop(size, low, high), FLIP, *colors]


def dino(size: int, low: float, high: float, blurred: float, solarized: float) -> Chain:
    colors = [jitter(0.4, 0.4, 0.2, 0.1), ("grayscale", {"p": 0.2}), blur(blurred)]
    return [crop(size, low, high, "bicubic"), FLIP, *colors, ("solarize", {"threshold": 0.5, "p": solarized})]


def blur(p: float) -> tuple[str, dict[str, Any]]:
    return "gaussian_blur", {"sigma": [0.1, 2.0], "p": p}


def scaled(red: float) -> tuple[str, dict[str, Any]]:
    return "normalize", {"mean": [0.485, 0.456, 0.406], "std": [red, 0.224, 0.225]}


FLIP = ("flip", {"p": 0.5})
LABELED = [crop(224, 0.08, 1.0), FLIP, jitter(0.4, 0.4, 0.4, 0.1), ("grayscale", {"p": 0.2})]
GENTLE = [crop(224, 0.08, 1.0), FLIP, jitter(0.1, 0.1, 0.1, 0.1), ("grayscale", {"p": 0.0})]
SWAV, DINO = scaled(0.228), scaled(0.229)


def chains(name: str, stage: str) -> list[Chain]:
    """What is done to the images of a stage for its loss, view after view; every different way once."""
    path = SPECS / f"{name}.ssl"
    program = check(Source(str(path), path.read_text(encoding="utf-8"))).unwrap()
    known, library = assumed(program), Library.shipped()
    plan = pipeline.compile(program, sizes=known.sizes, resident=known.resident, level=0)
    (nodes,) = ({n.id: n for n in s.nodes if n.placement != "evaluation"} for s in plan.stages if s.name == stage)
    views = {id_: n for id_, n in nodes.items() if (op := library.get(n.op)) is not None and op.role == "views"}
    ends = views.keys() - {n.inputs[0] for n in views.values()}
    found: list[Chain] = []
    for id_ in (i for i in views if i in ends):
        chain: Chain = []
        while id_ in views:
            chain.insert(0, (views[id_].op, views[id_].settings))
            id_ = views[id_].inputs[0]
        found += [] if chain in found else [chain]
    return found


@pytest.mark.parametrize(
    ("name", "stage", "expected"),
    [
        ("swav_imagenet", "pretrain", [[*swav(224, 0.14, 1.0), SWAV], [*swav(96, 0.05, 0.14), SWAV]]),
        (
            "suave_imagenet",
            "pretrain",
            [[*swav(224, 0.14, 1.0), SWAV], [*swav(96, 0.08, 0.14), SWAV], [*LABELED, SWAV]],
        ),
        ("suave_imagenet", "finetune", [[crop(224, 0.08, 1.0), FLIP, SWAV], [*GENTLE, SWAV]]),
        (
            "dino_imagenet",
            "pretrain",
            [
                [*dino(224, 0.4, 1.0, 1.0, 0.0), DINO],
                [*dino(224, 0.4, 1.0, 0.1, 0.2), DINO],
                [*dino(96, 0.05, 0.4, 0.5, 0.0), DINO],
            ],
        ),
        (
            "daino_imagenet",
            "pretrain",
            [
                [*dino(224, 0.25, 1.0, 1.0, 0.0), DINO],
                [*dino(224, 0.25, 1.0, 0.1, 0.2), DINO],
                [*dino(96, 0.05, 0.25, 0.5, 0.0), DINO],
                [*LABELED, DINO],
            ],
        ),
    ],
)
def test_images_are_seen_as_in_the_table_of_recipes(name: str, stage: str, expected: list[Chain]) -> None:
    found = chains(name, stage)
    assert len(found) == len(expected)
    assert [wanted for wanted in expected if not any(is_like(seen, wanted) for seen in found)] == []


def is_like(seen: Chain, wanted: Chain) -> bool:
    """Whether the views are the same, with the settings that the table has."""
    if [op for op, _ in seen] != [op for op, _ in wanted]:
        return False
    pairs = zip(seen, wanted, strict=True)
    return all({key: settings[key] for key in some} == some for (_, settings), (_, some) in pairs)
