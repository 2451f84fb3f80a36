"""The command line as a person uses it: exit codes, what goes to stdout and stderr, messages and no tracebacks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ssldsl import cli, pipeline
from ssldsl.commands import options
from ssldsl.errors import SpecError
from ssldsl.runtime.folder.request import Edits

QUICKSTART = Path(__file__).parents[2] / "specs" / "quickstart.ssl"
TINY = QUICKSTART.read_text(encoding="utf-8").replace("convnet(width=32)", "convnet(width=8)").replace("30ep", "4it")


def ssldsl(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The program itself, in a process of its own."""
    command = [sys.executable, "-m", "ssldsl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


def invoke(*arguments: object) -> Result:
    """The program in this process: faster, for what does not exit by itself."""
    return CliRunner().invoke(cli.commands, [str(a) for a in arguments], standalone_mode=False)


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "tiny.ssl"
    path.write_text(TINY, encoding="utf-8")
    return path


def test_a_right_spec_is_fine():
    done = ssldsl("check", QUICKSTART)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.endswith("quickstart.ssl: fine\n")


def test_a_wrong_spec_exits_with_one_and_says_all_errors(spec):
    spec.write_text(TINY.replace("ce(labeled)", "ce(unlabeled)").replace("4it", "4"), encoding="utf-8")
    done = ssldsl("check", spec, "--format", "json")
    assert done.returncode == 1
    assert [d["code"] for d in json.loads(done.stdout)] == ["D401", "D501"]


def test_a_missing_file_is_a_message():
    done = ssldsl("check", "specs/quickstat.ssl", cwd=QUICKSTART.parents[1])
    assert done.returncode == 1
    assert "there is no file `specs/quickstat.ssl`" in done.stderr
    assert "did you mean `specs/quickstart.ssl`?" in done.stderr


def test_stdin_is_a_spec():
    command = [sys.executable, "-m", "ssldsl", "check", "-"]
    done = subprocess.run(command, input=TINY, capture_output=True, text=True)
    assert done.returncode == 0


def test_an_error_of_ours_is_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr(pipeline, "compose", lambda *a: 1 / 0)
    monkeypatch.setattr(sys, "argv", ["ssldsl", "resolve", str(QUICKSTART)])
    with pytest.raises(SystemExit) as exit:
        cli.main()
    shown = capsys.readouterr().err
    assert exit.value.code == 70
    assert "this is a bug in ssldsl" in shown
    assert "Traceback" not in shown


def test_an_unknown_option_is_the_users_error():
    assert ssldsl("check", QUICKSTART, "--sett", "w=1").returncode == 1


@pytest.mark.parametrize(
    ("edits", "code"),
    [([], 1), (["--set", "precision=bf16"], 3), (["--drop", "vat"], 4), (["--set", "seed=0"], 0)],
)
def test_diff_tells_by_its_exit_code_what_kind_of_difference_there_is(edits, code):
    assert ssldsl("diff", QUICKSTART, *edits).returncode == code


def test_fmt_writes_the_file_and_then_has_nothing_to_do(spec):
    spec.write_text(TINY.replace("loss      =", "loss="), encoding="utf-8")
    assert invoke("fmt", "--check", spec).return_value == 1
    assert invoke("fmt", spec).return_value == 0
    assert invoke("fmt", "--check", spec).return_value == 0


def test_the_resolved_spec_is_the_same_experiment(spec, tmp_path):
    resolved = tmp_path / "resolved.ssl"
    resolved.write_text(invoke("resolve", spec, "--drop", "vat", "--set", "loss.rotation=0.5").output, encoding="utf-8")
    edited = tmp_path / "edited.ssl"
    text = TINY.replace(" + 0.3*vat(unlabeled)", "").replace("0.7*", "0.5*")
    edited.write_text(text, encoding="utf-8")
    assert invoke("diff", resolved, edited).return_value == 0


@pytest.mark.parametrize("style", ["svg", "html", "mmd", "dot"])
def test_graph_writes_every_style(spec, tmp_path, style):
    assert invoke("graph", spec, "-o", tmp_path / f"graph.{style}").exit_code == 0
    assert "rotation" in (tmp_path / f"graph.{style}").read_text(encoding="utf-8")


def test_an_unknown_style_of_graph_is_a_message(spec, tmp_path):
    done = ssldsl("graph", spec, "-o", tmp_path / "graph.gif")
    assert done.returncode == 1
    assert ".svg, .html, .mmd or .dot" in done.stderr


def test_compile_prints_code_that_python_reads(spec):
    compile(invoke("compile", spec).output, "step.py", "exec")


def test_ops_shows_signature_formula_paper_and_users():
    shown = invoke("ops", "virtual_adversarial").output
    assert all(text in shown for text in ("epsilon", "KL", "Miyato"))


def test_a_run_leaves_a_folder_that_explains_itself(spec, tmp_path):
    done = ssldsl("run", spec, "-o", tmp_path / "runs", "--no-progress")
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip())
    names = {path.name for path in folder.iterdir()}
    wanted = "spec.ssl resolved.ssl plan.json lock.json metrics.jsonl metrics.csv summary.json checkpoints report.html"
    assert set(wanted.split()) <= names


def test_several_seeds_are_several_runs(spec, tmp_path):
    done = invoke("run", spec, "-o", tmp_path / "runs", "--seed", "3..4", "--no-report", "--no-progress")
    assert done.return_value == 0, done.output
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == ["tiny-s3-1", "tiny-s4-1"]


def test_variants_with_commas_are_several_runs(spec, tmp_path):
    variants = "variant a { set run = 1it }\nvariant b { set run = 2it }\nvariant slow { set optimizer.lr = 0.01 }\n"
    spec.write_text(f"{TINY}\n{variants}", encoding="utf-8")
    arguments = ("--variant", "a,b,none", "--variant", "slow", "-o", tmp_path / "runs", "--no-report", "--no-progress")
    assert invoke("run", spec, *arguments).return_value == 0
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == [
        "tiny-a-slow-s0-1",
        "tiny-b-slow-s0-1",
        "tiny-slow-s0-1",
    ]


def test_a_bad_seed_is_a_message(spec):
    done = ssldsl("run", spec, "--seed", "four")
    assert done.returncode == 1
    assert "write a number, a range such as 0..4" in done.stderr


def test_a_sweep_runs_every_point(spec, tmp_path):
    spec.write_text(TINY + "\nsweep vat.epsilon in [1, 2]\n", encoding="utf-8")
    done = invoke("run", spec, "--sweep", "-o", tmp_path / "runs", "--no-report", "--no-progress")
    assert done.return_value == 0, done.output
    epsilons = set()
    for folder in (tmp_path / "runs").iterdir():
        nodes = json.loads((folder / "plan.json").read_text())["stages"][0]["nodes"]
        epsilons |= {n["settings"]["epsilon"] for n in nodes if n["op"] == "virtual_adversarial"}
    assert epsilons == {1.0, 2.0}


def test_an_ablation_that_is_wrong_is_refused_before_anything_runs(spec, tmp_path):
    done = ssldsl("run", spec, "--drop", "vatt", "-o", tmp_path / "runs")
    assert done.returncode == 1
    assert "did you mean `vat`?" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_is_no_run_cannot_be_resumed(tmp_path):
    done = ssldsl("resume", tmp_path)
    assert done.returncode == 1
    assert "is not the folder of a run" in done.stderr


def test_a_broken_spec_is_a_spec_error():
    with pytest.raises(SpecError):
        options.checked(str(QUICKSTART), Edits(drops=("nothing",)))


def test_a_shell_completes_commands_and_options() -> None:
    from click.shell_completion import BashComplete

    completion = BashComplete(cli.commands, {}, "ssldsl", "_SSLDSL_COMPLETE")
    assert [item.value for item in completion.get_completions([], "pre")] == ["predict"]
    assert "--launcher" in [item.value for item in completion.get_completions(["sweep"], "--la")]
