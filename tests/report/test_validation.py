"""Small validation sets against the whole one: correlations, regret and deviations as they are by hand."""

import json
import math

import numpy as np
import pytest
from web_pages import requests, words, wrong_tags

from ssldsl.errors import SpecError
from ssldsl.report.validation.analysis import (
    Validation,
    binomial_sd,
    chance_to_find,
    expected_regret,
    pearson,
    spearman,
    subsets,
    usual_sizes,
    validate,
)
from ssldsl.report.validation.page import validation_page
from ssldsl.report.validation.tables import ValidatedRuns, as_json, as_text, chosen_shares

LABELS = np.arange(400) % 4
NAMES = ValidatedRuns("top1", ("runs/a", "runs/b", "runs/c", "runs/<d>"))


def right(*accuracies: float) -> np.ndarray:
    """Runs that are right about a random part of the samples."""
    random = np.random.default_rng(0)
    return np.stack([random.random(400) < accuracy for accuracy in accuracies])


@pytest.fixture(scope="module")
def found() -> Validation:
    return validate(right(0.3, 0.5, 0.6, 0.9), LABELS, [8, 40], draws=30, seed=1)


@pytest.mark.parametrize(("samples", "points"), [(1000, 1.58), (5000, 0.71), (50_046, 0.22)])
def test_the_deviation_of_one_accuracy_is_that_of_the_notes(samples: int, points: float) -> None:
    assert 100 * binomial_sd(0.484, samples) == pytest.approx(points, abs=0.005)


def test_correlations_are_those_of_the_definition(found: Validation) -> None:
    """Pearson's from centered products; Spearman's as Pearson's of ranks."""
    subset = np.array([0.2, 0.55, 0.5, 0.9])
    whole = found.accuracies
    centered = [values - values.mean() for values in (subset, whole)]
    expected = (centered[0] @ centered[1]) / math.sqrt((centered[0] @ centered[0]) * (centered[1] @ centered[1]))
    assert pearson(subset, whole) == pytest.approx(expected, abs=1e-12)
    assert spearman(subset, whole) == pytest.approx(1 - 6 * 2 / (4 * 15))  # two neighbors changed places


def test_runs_that_are_equal_on_a_subset_correlate_with_nothing() -> None:
    assert math.isnan(pearson(np.full(3, 0.5), np.array([0.1, 0.2, 0.3])))
    assert math.isnan(spearman(np.array([0.1, 0.2, 0.3]), np.full(3, 0.5)))


@pytest.mark.parametrize(
    ("subset", "regret", "found"),
    [((0.1, 0.9, 0.5), 0.0, 1.0), ((0.9, 0.1, 0.5), 0.4, 0.0), ((0.9, 0.9, 0.5), 0.2, 0.5), ((0.5,) * 3, 0.2, 1 / 3)],
    ids=["the-best", "the-worst", "one-of-two", "one-of-all"],
)
def test_regret_is_what_the_chosen_run_lacks_and_equal_runs_are_chosen_by_lot(
    subset: tuple[float, ...], regret: float, found: float
) -> None:
    accuracies = np.array([0.4, 0.8, 0.6])
    assert expected_regret(np.array(subset), accuracies) == pytest.approx(regret)
    assert chance_to_find(np.array(subset), accuracies) == pytest.approx(found)


def test_subsets_are_balanced_repeatable_and_nested() -> None:
    small, large = subsets(LABELS, 8, 5, seed=3), subsets(LABELS, 40, 5, seed=3)
    assert all(np.bincount(LABELS[rows]).tolist() == [2, 2, 2, 2] for rows in small)
    assert all(set(few) < set(more) for few, more in zip(small, large, strict=True))
    assert len({tuple(rows) for rows in small}) == 5
    assert [rows.tolist() for rows in subsets(LABELS, 8, 5, seed=3)] == [rows.tolist() for rows in small]
    assert subsets(LABELS, 8, 1, seed=4)[0].tolist() != small[0].tolist()


def test_means_and_deviations_are_those_over_draws(found: Validation) -> None:
    size = found.sizes[0]
    rows = subsets(LABELS, 8, 30, seed=1)
    by_hand = np.array([[runs[own].mean() for runs in right(0.3, 0.5, 0.6, 0.9)] for own in rows])
    assert np.allclose(size.subsets, by_hand)
    regrets = [found.accuracies.max() - found.accuracies[a == a.max()].mean() for a in by_hand]
    assert size.regret.mean == pytest.approx(np.mean(regrets))
    assert size.regret.sd == pytest.approx(np.std(regrets, ddof=1))
    correlations = [np.corrcoef(a, found.accuracies)[0, 1] for a in by_hand]
    assert size.pearson.mean == pytest.approx(np.mean(correlations))
    assert size.drawn == pytest.approx(np.std(by_hand, axis=0, ddof=1).mean())


def test_independent_samples_spread_as_the_binomial_says() -> None:
    """Of many samples, few are as good as drawn anew."""
    random = np.random.default_rng(1)
    labels = np.arange(20_000) % 2
    whole = validate(random.random((2, 20_000)) < 0.7, labels, [50], draws=400, seed=0)
    assert whole.sizes[0].drawn == pytest.approx(math.sqrt(0.7 * 0.3 / 50), rel=0.07)
    assert whole.sizes[0].binomial == pytest.approx(math.sqrt(0.7 * 0.3 / 50), rel=0.01)


def test_all_samples_agree_with_themselves(found: Validation) -> None:
    size = found.sizes[-1]
    assert (size.samples, size.pearson.mean, size.regret.mean, size.found) == (400, pytest.approx(1), 0.0, 1.0)
    assert (size.pearson.sd, size.drawn) == (None, None)


@pytest.mark.parametrize(("size", "said"), [(3, "there are 4 classes"), (401, "there are 400 samples")])
def test_a_subset_holds_every_class_and_no_more_than_all(size: int, said: str) -> None:
    with pytest.raises(SpecError, match=said) as caught:
        validate(right(0.3, 0.5, 0.6), LABELS, [size], draws=2, seed=0)
    assert caught.value.diagnostics[0].code == "R304"


def test_usual_sizes_are_one_and_five_of_every_class() -> None:
    assert usual_sizes(LABELS) == [4, 20]
    assert usual_sizes(np.array([0, 0, 1])) == [2]


def test_the_table_has_a_line_a_size_in_points(found: Validation) -> None:
    lines = as_text(found, NAMES).splitlines()
    assert lines[0] == "top1 of 4 runs, 400 samples of 4 classes, 30 draws of every size, seed 1"
    assert [line.split()[0] for line in lines[2:6]] == ["samples", "8", "40", "all"]
    assert lines[3].endswith(f"{100 * found.sizes[0].binomial:.2f}")
    assert lines[5].split()[1:3] == ["1.000", "1.000"]


def test_json_holds_the_accuracies_of_every_draw(found: Validation) -> None:
    data = json.loads(as_json(found, NAMES))
    assert [run["folder"] for run in data["runs"]] == list(NAMES.runs)
    assert np.allclose(data["sizes"][0]["accuracies"], found.sizes[0].subsets)
    assert data["sizes"][2]["regret"] == {"mean": 0.0, "sd": None}


def test_shares_of_being_best_sum_to_one(found: Validation) -> None:
    assert sum(chosen_shares(found.sizes[0])) == pytest.approx(1)
    assert chosen_shares(found.sizes[-1]) == [0, 0, 0, 1]


def test_the_page_is_whole_and_asks_nothing_of_a_network(found: Validation) -> None:
    page = validation_page(found, NAMES)
    assert wrong_tags(page) == [] and requests(page) == []
    assert page.count('class="plot scatter"') == 2
    assert page.count("<circle") == 2 * (30 * 4 + 4)
    assert "runs/&lt;d&gt;" in page and "<d>" not in page
    assert "Pearson 0.9" in words(page)


def test_runs_that_are_always_equal_have_a_page() -> None:
    labels = np.arange(400) % 10  # who takes everything for class 5 is right about a tenth of every subset
    found = validate(np.stack([labels == 5] * 3), labels, [10], draws=3, seed=0)
    assert validation_page(found, ValidatedRuns("top1", ("a", "b", "c"))).count('class="plot scatter"') == 1


def test_the_page_lists_the_best_run_first() -> None:
    found = validate(right(0.02, 0.9, 0.6), LABELS, [8], draws=3, seed=0)  # as texts, 2 % would follow 90 %
    page = words(validation_page(found, ValidatedRuns("top1", ("low", "best", "middle"))))
    assert page.index(" best 9") < page.index(" middle ") < page.index(" low ")
