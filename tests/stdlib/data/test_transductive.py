from pathlib import Path

from click.testing import CliRunner
from data_specs import checked, codes, trained_on

from ssldsl import cli
from ssldsl.ir.captions import transductive


def test_a_loss_may_see_test_data_where_the_spec_says_so() -> None:
    assert codes("transductive(images.test)") == []
    assert codes("transductive(images.test).subset(100)") == []
    assert codes("unlabel(images.test)") == ["D405"]


def test_their_labels_are_gone() -> None:
    assert codes("transductive(images.test)", "ce(all)") == ["D401"]


def test_the_program_says_which_data_these_are() -> None:
    program = checked("transductive(joined(images.train, images.test))").unwrap()
    assert transductive(program) == ("joined(digits.train, digits.test)",)
    assert transductive(checked("images.train").unwrap()) == ()


def test_check_and_the_notes_of_a_run_say_so(tmp_path: Path) -> None:
    spec = tmp_path / "spec.ssl"
    spec.write_text(trained_on("transductive(images.test)").text, encoding="utf-8")
    said = CliRunner().invoke(cli.commands, ["check", str(spec)], standalone_mode=False).stderr
    assert "trains on digits.test without its labels (transductive)" in said
    CliRunner().invoke(cli.commands, ["run", str(spec), "--out", str(tmp_path / "runs")], standalone_mode=False)
    (folder,) = (tmp_path / "runs").iterdir()
    sentence = "digits.test` is held out, and is trained on without its labels (transductive)"
    assert sentence in (folder / "notes.txt").read_text(encoding="utf-8")
    assert "trained on without its labels (transductive)" in (folder / "report.html").read_text(encoding="utf-8")
