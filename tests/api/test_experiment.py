"""Experiments in Python: loaded, edited, looked at, run."""

from pathlib import Path

import pytest
from small_specs import SEMI_SUPERVISED

import ssldsl
from ssldsl.api.edits import written

TINY = SEMI_SUPERVISED + "variant long { set run = 9it }\n"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("tiny.ssl")
    path.write_text(TINY, encoding="utf-8")
    return path


def test_edits_are_those_of_the_command_line(spec: Path) -> None:
    whole = ssldsl.load(spec)
    edited = ssldsl.load(spec, set={"run": "3it"}, drop=["rotation"], seed=4)
    assert edited.program.seed == 4
    assert edited.program.stages[0].terms[0].name == "ce"
    assert "run" in whole.diff(edited).as_text()
    assert repr(edited) == "<Experiment tiny.ssl: run=3it, without rotation, seed 4>"


def test_a_variant_and_further_edits_go_together(spec: Path) -> None:
    long = ssldsl.load(spec, variant="long")
    assert (
        long.edited(drop="rotation").request.edits
        == ssldsl.load(spec, variant=["long"], drop=["rotation"]).request.edits
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("5ep", "5ep"),
        (True, "true"),
        (2, "2"),
        (1e-05, "1e-05"),
        (None, "none"),
        ([1, "2ep"], "[1, 2ep]"),
        ({"a": 1}, "{a: 1}"),
    ],
)
def test_values_are_written_as_the_language_writes_them(value: object, text: str) -> None:
    assert written(value) == text


def test_a_value_that_the_language_has_no_word_for_is_refused(spec: Path) -> None:
    with pytest.raises(ssldsl.SpecError, match=r"R304.*`run` is set to a Path|R304.*PosixPath"):
        ssldsl.load(spec, set={"run": Path()})


def test_what_is_wrong_is_an_error_with_its_line(spec: Path) -> None:
    with pytest.raises(ssldsl.SpecError) as caught:
        ssldsl.loads(TINY.replace("2it", "2"), "wrong.ssl")
    assert [d.code for d in caught.value.diagnostics] == ["D501"]
    assert "wrong.ssl:9" in str(caught.value)


def test_check_says_what_is_wrong_with_variants_too() -> None:
    experiment = ssldsl.loads(TINY.replace("9it", "9"))
    assert [d.code for d in experiment.check()] == ["D501"]


def test_a_drawing_shows_itself_and_is_saved_by_its_ending(spec: Path) -> None:
    drawing = ssldsl.load(spec).graph(ssldsl.load(spec, drop="rotation"))
    assert drawing._repr_svg_().startswith("<svg")
    assert drawing.save("both.html").read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")
    with pytest.raises(ssldsl.SpecError, match="R304"):
        drawing.save("both.png")


def test_the_step_is_printed_stage_by_stage(spec: Path) -> None:
    experiment = ssldsl.load(spec)
    assert "class Step" in experiment.python()
    with pytest.raises(ssldsl.SpecError, match="N210"):
        experiment.python("other")


def test_a_run_gives_what_its_folder_holds(spec: Path) -> None:
    run = ssldsl.load(spec).run("out", progress=False)
    assert run.status == "finished"
    assert run.folder == Path("out/tiny-s0-1")
    table = run.metrics
    assert table["eval.top1"].dropna().iloc[-1] == pytest.approx(run.results["main"]["top1"])
    assert run.report.exists()
    assert ssldsl.open_run(run.folder) == run
    assert "top1" in run._repr_html_()


def test_a_module_of_a_run_is_the_trained_network(spec: Path) -> None:
    import torch
    from safetensors.torch import load_file

    from ssldsl.runtime.folder.export import export

    run = ssldsl.load(spec).run("out", smoke=True, progress=False)
    encoder = run.module("encoder")
    (file,) = (path for path in export(run.folder, Path("weights")) if path.stem == "encoder")
    assert all(torch.equal(encoder.state_dict()[name], tensor) for name, tensor in load_file(file).items())
    assert not encoder.training
    with pytest.raises(ssldsl.SpecError, match=r"has no network `encodr`(.|\n)*did you mean `encoder`"):
        run.module("encodr")


def test_an_unknown_option_of_a_run_is_named(spec: Path) -> None:
    with pytest.raises(ssldsl.SpecError, match=r"`worker`(.|\n)*did you mean `workers`"):
        ssldsl.load(spec).run("out", smoke=True, worker=2)


def test_the_python_of_the_docs_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = Path(__file__).parents[2]
    (tmp_path / "specs").symlink_to(root / "specs")
    monkeypatch.chdir(tmp_path)
    page = (root / "docs" / "python.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for code in page.split("```python\n")[1:]:
        exec(code.split("```", 1)[0], names)
    assert "- main.loss.vat" in capsys.readouterr().out


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ssldsl.SpecError, match="R305"):
        ssldsl.open_run(tmp_path)


def test_steps_taken_one_by_one_are_those_of_the_run(spec: Path) -> None:
    experiment = ssldsl.load(spec)
    run = experiment.run("out", progress=False, report=False)
    step = experiment.step()
    for number in range(step.steps):
        step.take(number)
    trained = run.module("encoder").state_dict()
    own = {
        name.partition("encoder.")[2]: value for name, value in step.module.state_dict().items() if "encoder." in name
    }
    assert trained.keys() == own.keys()
    assert all(value.equal(trained[name]) for name, value in own.items())


def test_a_loop_of_ones_own_gives_the_same_losses_and_weights(spec: Path) -> None:
    import torch

    experiment = ssldsl.load(spec, set={"optimizer": "sgd(lr=0.1)"})
    whole, own = experiment.step(), experiment.step()
    optimizer = torch.optim.SGD(own.parameters(), lr=0.1)
    for number in range(own.steps):
        whole.take(number)
        losses = own.losses(number)
        assert torch.isclose(losses["loss"], losses["ce"] + 0.3 * losses["rotation"])
        losses["loss"].backward()
        optimizer.step()
        optimizer.zero_grad()
        own.finish(number)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), own.parameters(), strict=True))


def test_a_stage_that_needs_another_is_refused(spec: Path) -> None:
    stages = TINY.replace("loss  =", "stage first {\n loss =").replace("variant long { set run = 9it }\n", "")
    stages += (
        "}\nstage second after first {\n init encoder from first\n loss = ce(labeled)\n batch = 10\n run = 1it\n}\n"
    )
    with pytest.raises(ssldsl.SpecError, match="begins with the weights of `first`"):
        ssldsl.loads(stages).step("second")
