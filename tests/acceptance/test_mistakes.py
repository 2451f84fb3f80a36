"""Mistakes that a checker easily lets through, since what they ask for can be computed."""

from pathlib import Path

from using import SPEC, message, run, ssldsl


def test_features_are_not_taken_for_scores_of_another_number_of_classes(tmp_path: Path) -> None:
    spec = tmp_path / "spec.ssl"
    spec.write_text(SPEC.replace("ce(labeled)", "ce(labeled) + cross_entropy(encoder(labeled), labeled.label)"))
    text = message(ssldsl("resolve", spec))
    assert "the scores are for 16 classes, and these labels have 10" in text
    assert "put a head behind the network" in text


def test_a_batch_that_cannot_be_shared_is_shown_where_it_is_written(tmp_path: Path) -> None:
    spec = tmp_path / "spec.ssl"
    spec.write_text(SPEC + "accumulate = 3\n")
    text = message(run(spec))
    assert "10 rows of `labeled` cannot be split into 3 equal parts" in text
    assert "spec.ssl:11:14" in text and "rows" in text.split("-->")[1]
