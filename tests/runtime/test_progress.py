"""What a terminal shows while a run trains."""

import io

import pytest
from experiments import experiment
from rich.console import Console

from ssldsl.runtime.console.progress import Bar

TERMS = {"swapped": 7.302, "mixed": 7.27, "labeled": 7.808, "online": 7.379, "online_2": 6.559, "online_3": 7.003}


def shown(bar: Bar, width: int) -> list[str]:
    """The lines on a terminal of that width."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(bar.drawing())
    return captured.get().splitlines()


def trained(*terms: str, width: int) -> list[str]:
    """After a pass and two thirds of a stage."""
    bar = Bar(Console(file=io.StringIO(), width=width))
    (stage,) = experiment("run=6it").stages
    bar.passing("pseudo_label for stage main", 1, 4)
    bar.start(stage, 0)
    for step in range(1, 5):
        bar.advance(step)
        bar.losses(step, 10.038, {name: TERMS[name] for name in terms}, 0.02, 1278.4)
    bar.evaluated(4, {"top1": 0.9583, "confusion_matrix": [[1]]})
    lines = shown(bar, width)
    bar.close()
    return lines


@pytest.mark.parametrize("width", [80, 100, 160])
def test_a_terminal_shows_epoch_losses_speed_and_time_left_whatever_its_width(width: int) -> None:
    lines = trained(*TERMS, width=width)
    text = " ".join(" ".join(lines).split())
    assert max(map(len, lines)) <= width and "…" not in text
    assert "pseudo_label for stage main" in text and "1278 images/s" in text
    assert lines[1].startswith("main") and "epoch " in lines[1] and " left" in lines[1] and "━" in lines[1]
    assert "loss 10.038 = " + " ".join(f"{name} {value:.3f}" for name, value in TERMS.items()) in text
    assert "top1 0.9583 after epoch" in text


def test_a_stage_that_is_over_says_how_long_it_took() -> None:
    bar = Bar(Console(file=io.StringIO(), width=100))
    (stage,) = experiment("run=3it").stages
    bar.start(stage, 0)
    for step in (1, 2, 3):
        bar.advance(step)
    (line,) = shown(bar, 100)
    bar.close()
    assert " in 0:0" in line and " left" not in line
