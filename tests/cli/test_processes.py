"""Of several processes that fail alike, the first of the machine says why; the others exit with the same code."""

import sys
from collections.abc import Callable

import pytest

from ssldsl import cli, processes
from ssldsl.errors import Diagnostic, LostProcess, OwnError, SpecError

DIAGNOSTIC = Diagnostic("R406", "`noise` failed")
Run = Callable[[SpecError, str | None], tuple[str, int]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """What a command that ends with an error says in a process of a number, and how often it waits."""

    def fails(error: SpecError, local_rank: str | None) -> tuple[str, int]:
        waits: list[None] = []
        monkeypatch.delenv("LOCAL_RANK", raising=False)
        if local_rank is not None:
            monkeypatch.setenv("LOCAL_RANK", local_rank)

        def raising(**options: object) -> None:
            raise error

        monkeypatch.setattr(cli.commands, "main", raising)
        monkeypatch.setattr(processes, "wait_for_main", lambda: waits.append(None))
        monkeypatch.setattr(sys, "argv", ["ssldsl"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 1
        return capsys.readouterr().err, len(waits)

    return fails


@pytest.mark.parametrize("local_rank", [None, "0"])
def test_the_only_or_first_process_says_what_is_wrong(run: Run, local_rank: str | None) -> None:
    assert run(SpecError(DIAGNOSTIC), local_rank) == ("error[R406]: `noise` failed\n", 0)


def test_the_others_leave_it_to_the_first(run: Run) -> None:
    assert run(SpecError(DIAGNOSTIC), "1") == ("", 1)


def test_what_a_process_alone_has_met_it_says_itself(run: Run) -> None:
    assert run(OwnError(DIAGNOSTIC), "1") == ("error[R406]: `noise` failed\n", 0)


def test_nobody_waits_for_a_process_that_is_gone(run: Run) -> None:
    assert run(LostProcess(DIAGNOSTIC), "1") == ("", 0)
