"""A loss that stays at ln K is reported: while it trains, and on the page of the run."""

import math
from pathlib import Path

import pytest
from memory_specs import DAINO, LIBRARY, SUAVE, plan_of

from ssldsl.graph.plan import Plan
from ssldsl.report.run.page import write_report
from ssldsl.runtime.run import Options, run
from ssldsl.runtime.train.collapse import CollapseWatch

LN10 = math.log(10)


def watching(losses: list[float], *, every: int = 10, steps: int = 200) -> list[int]:
    """The steps at which a term over ten classes is reported."""
    watch = CollapseWatch({"swapped": 10}, steps)
    return [n * every for n, loss in enumerate(losses, start=1) if watch.see(n * every, {"swapped": loss, "other": 0})]


def test_a_term_is_reported_once_after_five_lines_at_the_logarithm() -> None:
    assert watching([LN10] * 12) == [50]
    assert watching([3.0, 3.0, *[LN10 * 0.995] * 12]) == [70]


def test_a_term_that_leaves_the_logarithm_is_reported_when_it_stays_there_again() -> None:
    assert watching([LN10, LN10, LN10, LN10, 2.0, LN10]) == []
    assert watching([*[LN10] * 6, 2.0, *[LN10] * 6]) == [50, 120]


def test_two_percent_of_a_long_stage_pass_before_it() -> None:
    assert watching([LN10] * 100, steps=50_000) == [1000]


def test_more_than_a_percent_away_is_no_collapse() -> None:
    assert watching([LN10 * 0.98] * 20 + [LN10 * 1.02] * 20) == []


def test_it_is_told_where_it_began() -> None:
    watch = CollapseWatch({"swapped": 10}, 200)
    for step, loss in ((10, 3.0), (20, LN10), (30, LN10), (40, LN10), (50, LN10), (60, LN10)):
        found = watch.see(step, {"swapped": loss})
    assert [(p.term, p.classes, p.since) for p in found] == [("swapped", 10, 10)]
    assert str(found[0]).startswith("`swapped` is within 1 % of ln 10 = 2.303 since step 10")


def test_cross_entropies_and_their_means_have_as_many_classes_as_their_scores() -> None:
    assert CollapseWatch.of(plan_of(SUAVE).stages[0]).classes == {"ce": 10, "swapped": 10}
    assert CollapseWatch.of(plan_of(DAINO).stages[0]).classes == {"ce": 10, "dino": 10}


def test_other_losses_have_none() -> None:
    other = SUAVE.replace("as ce\n", "as ce + entmin(labeled, net=trunk >> protos)\n")
    assert set(CollapseWatch.of(plan_of(other).stages[0]).classes) == {"ce", "swapped"}


def collapsed() -> Plan:
    """Scores divided by so much that all clusters are alike."""
    return plan_of(SUAVE.replace("codes, temperature=0.1", "codes, temperature=1000"), steps=12)


def test_a_run_says_it_while_it_trains_and_on_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(collapsed(), tmp_path / "run", LIBRARY, Options())
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(said) == 1 and said[0].startswith(
        "warning: stage main, step 5: `swapped` is within 1 % of ln 10 = 2.303"
    )
    assert "`swapped` is within 1 % of ln 10 = 2.303 since step 0" in write_report(tmp_path / "run").read_text("utf-8")


def test_a_run_that_learns_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(plan_of(SUAVE, steps=12), tmp_path / "run", LIBRARY, Options())
    assert "warning" not in capsys.readouterr().err
    assert "within 1 %" not in write_report(tmp_path / "run").read_text("utf-8")
