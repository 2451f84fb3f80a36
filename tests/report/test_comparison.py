"""Runs compared over their seeds."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from run_folders import plan, stage, write_run
from web_pages import charts, requests, words, wrong_tags

from ssldsl.errors import SpecError
from ssldsl.graph.plan import NodePlan, Place
from ssldsl.graph.plan_types import TensorPlan
from ssldsl.report.compare.compare_runs import compare_runs
from ssldsl.report.compare.comparison import compare
from ssldsl.report.compare.tables import probability
from ssldsl.report.folder import read_runs

SLEEP = {  # hours gained with two drugs by the same ten patients: Student 1908, R's data set `sleep`
    (): (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    ("set drug = 2",): (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
}


def sleep_runs(parent: Path) -> Path:
    for edits, values in SLEEP.items():
        for seed, value in enumerate(values):
            # edits alone do not make another experiment: the two differ in a weight
            one = stage(metrics={"extra": "mean"}, terms={"ce": 1.0 + len(edits)})
            write_run(parent / f"r{len(edits)}-s{seed}-1", plan(one, seed=seed, edits=edits), {"extra": value})
    return parent


def rows_of(*paths: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(compare_runs(list(paths), [], "json"))["rows"]
    return rows


def seeds(parent: Path, values: Mapping[int, float], name: str = "r", **settings: Any) -> list[Path]:
    """A run for every seed, with that accuracy."""
    label = settings.pop("edits", ())
    return [
        write_run(parent / f"{name}-s{seed}-1", plan(stage(**settings), seed=seed, edits=label), {"top1": value})
        for seed, value in values.items()
    ]


def test_a_variant_is_called_by_its_name(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r-s0-1", plan(stage(), edits=("set loss = ce(labeled)", "set lr = 0.5")))
    asked = json.loads((folder / "request.json").read_text())
    asked |= {"variants": ["supervised"], "sets": ["lr=0.5"], "drops": ["vat"]}
    (folder / "request.json").write_text(json.dumps(asked))
    assert {row["group"] for row in rows_of(folder)} == {"quick, supervised, lr=0.5, drop vat"}


def test_the_table_is_as_it_should_be(tmp_path: Path) -> None:
    assert compare_runs([sleep_runs(tmp_path)], [], "text") == (
        "extra\n"
        "  group             n      mean ± s.d.  difference      p\n"
        "  quick            10  0.7500 ± 1.7890           –      –\n"
        "  quick, drug = 2  10  2.3300 ± 2.0022     +1.5800  0.079\n"
        "\n"
        "- difference and p (Welch's t-test, two-sided) are against the first group, quick\n"
        "- extra of quick, drug = 2: the same 10 seeds; paired, +1.5800 ± 1.2300, p 0.003\n"
    )


def test_numbers_are_those_of_the_textbook(tmp_path: Path) -> None:
    first, second = rows_of(sleep_runs(tmp_path))
    assert (first["mean"], first["sd"], first["p"]) == (pytest.approx(0.75), pytest.approx(1.789, abs=5e-4), None)
    found = [second["difference"], second["p"], second["paired"]["p"], second["paired"]["sd"]]
    assert found == pytest.approx([1.58, 0.07939, 0.002833, 1.229995], abs=5e-6)


def test_a_difference_with_a_p_value_below_five_percent_is_marked(tmp_path: Path) -> None:
    """By hand: means 0.5 and 0.6, both s.d. 0.0158, so t = 10 with 8 degrees of freedom, p = 8.5e-6."""
    first, second = ({i: mean + d for i, d in enumerate((-0.02, -0.01, 0, 0.01, 0.02))} for mean in (0.5, 0.6))
    paths = seeds(tmp_path, first) + seeds(tmp_path, second, "q", terms={"ce": 1.0}, edits=["drop vat"])
    table = compare_runs(paths, [], "text")
    assert "+0.1000  <0.0001*\n" in table and "- *: p < 0.05\n" in table
    assert [row["significant"] for row in rows_of(*paths)] == [None, True]


def test_the_same_table_is_markdown(tmp_path: Path) -> None:
    lines = compare_runs([sleep_runs(tmp_path)], [], "markdown").splitlines()
    assert lines[:4] == [
        "| metric | group | n | mean ± s.d. | difference | p |",
        "|---|---|--:|--:|--:|--:|",
        "| extra | quick | 10 | 0.7500 ± 1.7890 | – | – |",
        "| extra | quick, drug = 2 | 10 | 2.3300 ± 2.0022 | +1.5800 | 0.079 |",
    ]


def test_the_same_table_is_csv(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(compare_runs([sleep_runs(tmp_path)], [], "csv"))))
    assert [row["group"] for row in rows] == ["quick", "quick, drug = 2"]
    assert float(rows[1]["p"]) == pytest.approx(0.07939, abs=5e-6)


# --- groups -----------------------------------------------------------------------------------------------------------


def test_runs_that_differ_in_their_seed_alone_are_one_group(tmp_path: Path) -> None:
    assert [row["n"] for row in rows_of(*seeds(tmp_path, {0: 0.8, 1: 0.9, 7: 0.7}))] == [3]


def test_where_a_spec_was_written_makes_no_other_experiment(tmp_path: Path) -> None:
    elsewhere = Place(file="other.ssl", line=9, column=1, end=2, text="loss = ...")
    paths = seeds(tmp_path, {0: 0.8}) + seeds(tmp_path, {1: 0.9}, name="q", place=elsewhere)
    assert [row["n"] for row in rows_of(*paths)] == [2]


def test_edits_name_a_group(tmp_path: Path) -> None:
    paths = seeds(tmp_path, {0: 0.8}) + seeds(tmp_path, {0: 0.7}, "q", terms={"ce": 1.0}, edits=["drop vat"])
    assert [row["group"] for row in rows_of(*paths)] == ["quick", "quick, drop vat"]


def test_groups_of_one_name_say_what_sets_them_apart(tmp_path: Path) -> None:
    paths = seeds(tmp_path, {0: 0.8}) + seeds(tmp_path, {0: 0.7}, "q", precision="bf16")
    assert [row["group"] for row in rows_of(*paths)] == ["quick", "quick [main.precision=bf16]"]


def test_another_weight_in_the_text_is_named(tmp_path: Path) -> None:
    paths = seeds(tmp_path, {0: 0.8}) + seeds(tmp_path, {0: 0.7}, "q", terms={"ce": 1.0, "vat": 0.5})
    assert rows_of(*paths)[1]["group"] == "quick [main.terms.vat.weight.value=0.5]"


def test_an_op_whose_source_has_changed_makes_another_experiment(tmp_path: Path) -> None:
    write_run(tmp_path / "a", plan(ops={"sgd": "old"}))
    write_run(tmp_path / "b", plan(ops={"sgd": "new"}))
    assert rows_of(tmp_path)[1]["group"] == "quick [other source of sgd]"


def test_other_data_make_another_experiment(tmp_path: Path) -> None:
    write_run(tmp_path / "a", plan())
    write_run(tmp_path / "b", plan(), data="ee")
    assert rows_of(tmp_path)[1]["group"] == "quick [other data]"


def test_many_differences_are_not_listed(tmp_path: Path) -> None:
    paths = seeds(tmp_path, {0: 0.8}) + seeds(tmp_path, {0: 0.7}, "q", steps=80, precision="bf16", clip=1.0)
    assert rows_of(*paths)[1]["group"] == "quick [another plan]"


def test_the_first_group_is_that_of_the_first_run_given(tmp_path: Path) -> None:
    edited = seeds(tmp_path, {0: 0.7}, "a", terms={"ce": 1.0}, edits=["drop vat"])
    assert rows_of(*edited, *seeds(tmp_path, {0: 0.8}))[0]["group"] == "quick, drop vat"


# --- what counts ------------------------------------------------------------------------------------------------------


def test_a_run_that_is_not_finished_does_not_count_and_is_marked(tmp_path: Path) -> None:
    seeds(tmp_path, {0: 0.8, 1: 0.9})
    write_run(tmp_path / "r-s2-1", plan(seed=2), {"top1": 0.1}, status="interrupted")
    text = compare_runs([tmp_path], [], "text")
    assert "quick  2  0.8500 ± 0.0707" in text
    assert f"not counted: {tmp_path / 'r-s2-1'} (interrupted at step 40 of 40; so far top1 0.1000)" in text


def test_a_group_without_a_finished_run_has_no_mean(tmp_path: Path) -> None:
    write_run(tmp_path / "a", plan(), {"top1": 0.5}, status=None)
    (row,) = rows_of(tmp_path)
    assert (row["n"], row["mean"]) == (0, None)


def test_a_seed_that_was_run_twice_counts_once(tmp_path: Path) -> None:
    for number, value in ((1, 0.6), (2, 0.8)):
        write_run(tmp_path / f"r-s0-{number}", plan(), {"top1": value})
    text = compare_runs([tmp_path], [], "text")
    assert "quick  1       0.8000" in text and "seed 0 again" in text


def test_several_tests_are_said_to_be_several(tmp_path: Path) -> None:
    for i, terms in enumerate(({"a": 1.0}, {"b": 1.0}, {"c": 1.0})):
        seeds(tmp_path, {0: 0.8 + i / 10, 1: 0.9 - i / 20}, f"r{i}", terms=terms, edits=[f"drop {i}"])
    assert "the 2 p-values are not corrected" in compare_runs([tmp_path], [], "text")


@pytest.mark.parametrize(("p", "text"), [(None, "–"), (0.0794, "0.079"), (0.00042, "0.0004"), (3e-7, "<0.0001")])
def test_p_values_have_the_digits_that_matter(p: float | None, text: str) -> None:
    assert probability(p) == text


# --- metrics ----------------------------------------------------------------------------------------------------------


def test_the_last_stage_that_has_a_metric_gives_it_its_name(tmp_path: Path) -> None:
    both = plan(stage("first", metrics={"knn": "knn", "top1": "accuracy"}), stage("second", after=("first",)))
    write_run(tmp_path / "a", both, {"knn": 0.3, "top1": 0.4})
    assert [row["metric"] for row in rows_of(tmp_path)] == ["knn", "first.top1", "top1"]


def test_a_metric_stands_for_that_of_every_stage(tmp_path: Path) -> None:
    write_run(tmp_path / "a", plan(stage("first"), stage("second")), {"top1": 0.4})
    assert compare(read_runs([tmp_path]), ["top1"]).metrics == ("first.top1", "top1")


def test_matrices_are_left_out(tmp_path: Path) -> None:
    write_run(
        tmp_path / "a", plan(stage(metrics={"confused": "confusion_counts"})), {"confused": [[1.0, 0.0], [0.0, 1.0]]}
    )
    assert "no run has a metric that is a number" in compare_runs([tmp_path], [], "text")


def test_a_metric_that_no_run_has_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    write_run(tmp_path / "a", plan())
    with pytest.raises(SpecError, match="did you mean `top1`") as caught:
        compare_runs([tmp_path], ["topp1"], "text")
    assert caught.value.diagnostics[0].code == "R307"


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="R305"):
        compare_runs([tmp_path], [], "text")


# --- the page ---------------------------------------------------------------------------------------------------------


def comparison_page(parent: Path) -> str:
    return compare_runs([parent], [], "text", str(parent / "comparison.html"))


def test_the_page_is_well_formed_and_asks_nothing_of_a_network(tmp_path: Path) -> None:
    page = comparison_page(sleep_runs(tmp_path))
    assert (wrong_tags(page), requests(page)) == ([], [])


def test_the_page_has_the_numbers_of_the_table(tmp_path: Path) -> None:
    text = words(comparison_page(sleep_runs(tmp_path)))
    assert "quick, drug = 2 10 2.3300 ± 2.0022 +1.5800 0.079" in text


def test_curves_are_means_over_seeds(tmp_path: Path) -> None:
    seeds(tmp_path, {0: 0.8, 1: 0.4})
    (line,) = charts(comparison_page(tmp_path))[0]["lines"]
    assert line["x"] == [10, 20, 30, 40] and line["y"] == pytest.approx([0.15, 0.3, 0.45, 0.6])


def test_runs_with_a_report_are_linked_from_where_the_page_lies(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "r-s0-1", plan())
    (tmp_path / "runs" / "r-s0-1" / "report.html").write_text("")
    page = compare_runs([tmp_path / "runs"], [], "text", str(tmp_path / "pages" / "x.html"))
    assert 'href="../runs/r-s0-1/report.html"' in page


def test_a_comparison_reads_no_torch(tmp_path: Path) -> None:
    import subprocess
    import sys

    sleep_runs(tmp_path)
    program = (
        "import sys; from pathlib import Path; from ssldsl.report.compare.compare_runs import compare_runs\n"
        f"for out in (None, 'x.html'): compare_runs([Path({str(tmp_path)!r})], [], 'text', out)\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_pictures_of_the_first_runs_stand_beside_each_other(tmp_path: Path) -> None:
    points = NodePlan(id="m.map", op="decision_map", type=TensorPlan(kind="Points"), placement="evaluation")
    for name, edits in (("r", ()), ("q", ("drop vat",))):
        one = stage(metrics={"map": "decision_map"}, terms={"ce": 1.0 + len(edits)}, nodes=(points,))
        folder = write_run(tmp_path / f"{name}-s0-1", plan(one, edits=edits), {})
        (folder / "pictures").mkdir()
        (folder / "pictures" / "main-map.csv").write_text("x,y,class,mark\n0,0,1,0\n1,1,2,0\n", "utf-8")
    page = compare_runs([tmp_path / "r-s0-1", tmp_path / "q-s0-1"], [], "text", str(tmp_path / "x.html"))
    assert page.count('class="latent"') == 2
    assert words(page).index("quick, seed 0") < words(page).index("quick, drop vat, seed 0")
