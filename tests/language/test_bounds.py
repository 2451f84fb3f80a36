"""Whatever a file holds, reading it ends: in an answer or in a message, after work that has a bound."""

from cProfile import Profile
from pathlib import Path

import pytest
from click.testing import CliRunner

from ssldsl.check import Checked, check, check_everything
from ssldsl.check.resolving import resolve
from ssldsl.check.state.budget import UNITS
from ssldsl.cli import commands
from ssldsl.errors import MOST, Diagnostic, SpecError, render, render_all
from ssldsl.source import Source, Span
from ssldsl.syntax.formatter import format_text
from ssldsl.syntax.lexer import MOST_TOKENS

HEAD = """ssl 1
data images = digits()
stream labeled = images.train.subset(100, seed=0)
net encoder = convnet(width=8)
head classes = linear(encoder.dim, images.classes)
"""
TAIL = "batch = 20\nrun = 5it\n"


def read(middle: str) -> Checked:
    return check(Source("bounds.ssl", HEAD + middle + TAIL))


def codes(checked: Checked) -> list[str]:
    return [d.code for d in checked.diagnostics if d.severity == "error"]


@pytest.mark.parametrize(
    "text",
    [
        "loss = " + " + ".join(f"0.{i + 1}*ce(labeled)" for i in range(400)),
        "loss = mean(ce(" + " | ".join(["labeled"] * 400) + "))",
        "loss = ce(labeled" + " >> flip()" * 400 + ")",
        "let a = classes(encoder(labeled))\nparam p: float = " + "*".join(["1.01"] * 400) + "\nloss = p*ce(labeled)",
    ],
    ids=["a sum", "a join", "views", "a product"],
)
def test_a_chain_of_operators_may_be_as_long_as_one_likes(text: str) -> None:
    assert codes(read(text + "\n")) == []


def test_a_long_chain_is_formatted_and_reads_the_same_afterwards() -> None:
    text = HEAD + "loss = " + " + ".join(["ce(labeled)"] * 400) + "\n" + TAIL
    once = format_text(Source("long.ssl", text))
    assert format_text(Source("long.ssl", once)) == once


def test_a_chain_of_two_hundred_lets_is_read() -> None:
    lets = "\n".join(f"let a{i} = stop(a{i - 1})" for i in range(1, 200))
    assert codes(read(f"let a0 = classes(encoder(labeled))\n{lets}\nloss = ce(labeled)\n")) == []


@pytest.mark.parametrize(
    "text",
    [
        "param n: float = 10**10**10\nloss = n*ce(labeled)",
        "param n: float = 2**2**2**2**2**2\nloss = n*ce(labeled)",
        "param n: float = " + "*".join(["9" * 50] * 10) + "\nloss = n*ce(labeled)",
        "param n: float = 1e308*10\nloss = n*ce(labeled)",
    ],
    ids=["a tower", "a tower of twos", "a product of whole numbers", "a product of numbers"],
)
def test_a_number_beyond_all_floats_is_refused_where_it_is_made(text: str) -> None:
    assert codes(read(text + "\n")) == ["T313"]


def soon_told(text: str) -> list[str]:
    """The codes of what is wrong with a text, found with no more calls than a whole budget explains."""
    profile = Profile()
    found = codes(profile.runcall(read, text))
    assert sum(entry.callcount for entry in profile.getstats()) < 20 * UNITS
    return found


@pytest.mark.parametrize("level", ["{0} + {0}", "mean([{0}, {0}])"], ids=["sums", "lists"])
def test_definitions_that_double_each_other_end_in_one_message(level: str) -> None:
    body = "\n".join(f"def d{i}(x) = " + level.format(f"d{i - 1}(x)") for i in range(1, 60))
    assert soon_told(f"def d0(x) = ce(x)\n{body}\nloss = d59(labeled)\n") == ["D520"]


DOUBLING = {
    "lists": ("let v0 = encoder(labeled)", "let v{i} = [v{j}, v{j}]", "mean(entropy(classes(v59)))"),
    "draws": ("let v0 = random_shift(labeled, 1)", "let v{i} = draw(2, v{j})", "mean(ce(v59))"),
    "products of schedules": ("let v0 = cosine()", "let v{i} = v{j}*v{j}", "v59*ce(labeled)"),
    "schedules in turn": ("let v0 = linear_ramp(1it)", "let v{i} = v{j} then v{j}", "v59*ce(labeled)"),
    "schedules of schedules": ("let v0 = cosine()", "let v{i} = each(1ep, v{j}*v{j})", "v59*ce(labeled)"),
    "networks side by side": ("net v0 = encoder", "net v{i} = v{j} & v{j}", "ce(labeled, net=v59 >> classes)"),
    "joins of streams": ("stream v0 = labeled", "stream v{i} = v{j} | v{j}", "mean(ce(v59))"),
}


@pytest.mark.parametrize("first, level, loss", DOUBLING.values(), ids=DOUBLING)
def test_names_that_double_each_other_end_in_one_message(first: str, level: str, loss: str) -> None:
    levels = "\n".join(level.format(i=i, j=i - 1) for i in range(1, 60))
    assert soon_told(f"{first}\n{levels}\nloss = {loss}\n") == ["D520"]


SHARED = {
    "sums": ("let v0 = classes(encoder(labeled))", "let v{i} = v{j} + v{j}", "mean(entropy(v59))"),
    "batches": ("let v0 = labeled", "let v{i} = concat(v{j} | random_shift(v{j}, 1))", "ce(v59)"),
    "data": ("stream v0 = images.train", "stream v{i} = joined(v{j}.subset(9), v{j}.subset(8))", "ce(v59)"),
}


@pytest.mark.parametrize("first, level, loss", SHARED.values(), ids=SHARED)
def test_what_is_computed_once_may_be_read_twice_at_every_level(first: str, level: str, loss: str) -> None:
    levels = "\n".join(level.format(i=i, j=i - 1) for i in range(1, 60))
    assert codes(read(f"{first}\n{levels}\nloss = {loss}\n")) == []


@pytest.mark.parametrize("fault", ["nosuch(x)", "x(x)", "mse(x, x)"], ids=["a name", "a call", "a kind"])
def test_a_mistake_that_definitions_double_is_told_once_after_work_with_a_bound(fault: str) -> None:
    body = "\n".join(f"def d{i}(x) = d{i - 1}(x) + d{i - 1}(x)" for i in range(1, 40))
    told = soon_told(f"def d0(x) = {fault}\n{body}\nloss = d39(labeled)\n")
    assert len(told) == 2 and told[-1] == "D520"


@pytest.mark.parametrize(
    "text", ["(" * 5000, "([{" * 5000, "let z = 1\n(\n" * 2000], ids=["one kind", "all kinds", "lines"]
)
def test_brackets_that_are_never_closed_are_told_in_a_few_lines(text: str) -> None:
    profile = Profile()
    found = profile.runcall(check, Source("open.ssl", HEAD + text))
    assert {d.code for d in found.diagnostics} == {"S102"}
    assert all(len(render(d)) < 1000 for d in found.diagnostics[:10])
    assert sum(entry.callcount for entry in profile.getstats()) < 10 * UNITS


def test_a_thousand_stages_one_after_the_other_take_a_thousand_times_as_long_as_one() -> None:
    def calls(count: int) -> int:
        later = "stage s{0} after s{1} {{ init encoder, classes from s{1} loss = ce(labeled) run = 5it }}\n"
        stages = "".join(later.format(i, i - 1) for i in range(1, count))
        profile = Profile()
        found = profile.runcall(
            check, Source("long.ssl", f"{HEAD}stage s0 {{ loss = ce(labeled) run = 5it }}\n{stages}")
        )
        assert codes(found) == []
        return sum(entry.callcount for entry in profile.getstats())

    assert calls(1000) < 12 * calls(100)


def test_a_join_with_itself_forty_times_ends_in_one_message() -> None:
    body = "\n".join(f"let a{i} = a{i - 1} | a{i - 1}" for i in range(1, 40))
    assert codes(read(f"let a0 = labeled | labeled\n{body}\nloss = mean(ce(a39))\n")) == ["D520"]


def test_a_text_longer_than_any_spec_is_refused_before_it_is_parsed() -> None:
    text = HEAD + "\n".join(f"param p{i} = {i}" for i in range(MOST_TOKENS // 3))
    assert codes(check(Source("long.ssl", text))) == ["D520"]


def test_comments_do_not_count() -> None:
    assert codes(check(Source("long.ssl", HEAD + "# said\n" * MOST_TOKENS + "loss = ce(labeled)\n" + TAIL))) == []


def test_a_sweep_of_many_points_is_checked_in_part_and_says_so() -> None:
    points = ", ".join(f"{i + 1}e-9" for i in range(300))
    text = f"{HEAD}loss = ce(labeled)\noptimizer = sgd(lr=0.1)\n{TAIL}sweep optimizer.lr in [{points}]\n"
    assert [d.code for d in check_everything(Source("sweep.ssl", text)).diagnostics] == ["L610"]


def test_of_very_many_messages_the_first_are_shown_and_the_rest_counted() -> None:
    source = Source("many.ssl", "x\n")
    found = [Diagnostic("L602", "`x` is never used", Span(source, 0, 1), severity="warning")] * (MOST + 1500)
    text = render_all(found)
    assert text.count("never used") == MOST
    assert text.endswith("... and 1,500 more of warning[L602]")


def test_of_a_very_long_line_a_message_shows_the_piece_around_its_place() -> None:
    source = Source("long.ssl", "a" * 5000 + "!" + "b" * 5000)
    lines = render(Diagnostic("S102", "what is this", Span(source, 5000, 5001), "here")).splitlines()
    assert max(map(len, lines)) < 200
    assert lines[3][lines[4].index("^")] == "!"


@pytest.mark.parametrize("name", ["", ".", "./", "sub", "x" * 5000, "no\\0such"])
def test_use_of_what_is_no_file_is_said_also_where_ops_lie_in_the_folder_above(name: str, tmp_path: Path) -> None:
    (tmp_path / "ops.py").write_text("from ssldsl.ops import op\n", "utf-8")
    (tmp_path / "specs" / "sub").mkdir(parents=True)
    text = f'ssl 1\nuse "{name}"\n{HEAD[6:]}loss = ce(labeled)\n{TAIL}'
    assert codes(check(Source(str(tmp_path / "specs" / "a.ssl"), text))) in (["N209"], ["S103"])


def test_use_of_a_file_that_is_no_text_is_said_at_the_use(tmp_path: Path) -> None:
    (tmp_path / "other.ssl").write_bytes(b"\xff\xfe\x00")
    text = f'ssl 1\nuse "other.ssl"\n{HEAD[6:]}loss = ce(labeled)\n{TAIL}'
    assert codes(check(Source(str(tmp_path / "a.ssl"), text))) == ["N209"]


@pytest.mark.parametrize("seeds", ["1..99999999999", "0..999999999999999999999999999999", "0..10000"])
def test_more_runs_than_anybody_waits_for_are_refused_at_once(seeds: str, tmp_path: Path) -> None:
    spec = tmp_path / "a.ssl"
    spec.write_text(HEAD + "loss = ce(labeled)\n" + TAIL, "utf-8")
    result = CliRunner().invoke(commands, ["run", str(spec), "--seed", seeds, "-o", str(tmp_path / "runs")])
    assert isinstance(result.exception, SpecError)
    assert [d.code for d in result.exception.diagnostics] == ["R304"]


NESTED = {
    "calls": "loss = ce(" + "flip(" * 199 + "labeled" + ")" * 199 + ")",
    "lists": "loss = " + "mean([" * 99 + "ce(labeled)" + "])" * 99,
    "signs": "loss = " + "-" * 150 + "ce(labeled)",
    "names": "let a0 = classes(encoder(labeled))\n"
    + "\n".join(f"let a{i} = stop(a{i - 1})" for i in range(1, 200))
    + "\nloss = ce(labeled) + kl(classes(encoder(flip(labeled))), probabilities(a199))",
    "definitions": "def d0(x) = ce(x)\n"
    + "\n".join(f"def d{i}(x) = " + "-" * 100 + f"d{i - 1}(x)" for i in range(1, 40))
    + "\nloss = d39(labeled)",
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_what_is_nested_deeply_is_read_formatted_and_resolved_or_refused(text: str) -> None:
    checked = read(text + "\n")
    assert set(codes(checked)) <= {"D520"}
    format_text(Source("deep.ssl", HEAD + text + "\n" + TAIL))
    if checked.program is not None:
        resolve(checked)


def test_names_that_lead_to_each_other_without_end_are_refused() -> None:
    body = "\n".join(f"let a{i} = stop(a{i - 1})" for i in range(1, 3000))
    text = f"let a0 = classes(encoder(labeled))\n{body}\nloss = ce(labeled) + entropy(a2999)\n"
    assert codes(read(text)) == ["D520"]


def test_a_schedule_of_a_thousand_schedules_is_refused() -> None:
    assert codes(read("loss = " + "*".join(["cosine()"] * 1000) + "*ce(labeled)\n")) == ["D520"]
