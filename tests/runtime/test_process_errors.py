"""Of several processes, the main one says what all have met, and each what it alone has met."""

import json
import time
from pathlib import Path

import pytest

from ssldsl.errors import Diagnostic, LostProcess, OwnError, SpecError
from ssldsl.runtime import process_errors
from ssldsl.runtime.console.interrupts import Interrupt
from ssldsl.runtime.process_errors import attribute_to_process, explaining_processes

ERROR = SpecError(Diagnostic("R406", "`noise` failed at step 3 of stage `main`"))


def say(folder: Path, message: str) -> None:
    """What the main process does when a run fails."""
    (folder / "summary.json").write_text(json.dumps({"status": "failed", "message": message}), encoding="utf-8")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_errors, "PATIENCE", 0.05)


def test_what_the_main_process_has_said_too_is_no_process_s_own(tmp_path: Path) -> None:
    say(tmp_path, "`noise` failed at step 3 of stage `main`")
    assert attribute_to_process(ERROR, tmp_path, time.time() - 60, "process 1 of 2") is ERROR


def test_what_the_main_process_does_not_say_is_marked_with_the_process(tmp_path: Path) -> None:
    say(tmp_path, "out of memory")
    found = attribute_to_process(ERROR, tmp_path, time.time() - 60, "process 1 of 2")
    assert isinstance(found, OwnError)
    assert "in process 1 of 2 alone" in str(found) and "`noise` failed" in str(found)


def test_the_end_of_an_earlier_sitting_says_nothing_about_this_one(tmp_path: Path) -> None:
    say(tmp_path, "`noise` failed at step 3 of stage `main`")
    assert isinstance(attribute_to_process(ERROR, tmp_path, time.time() + 60, "process 1 of 2"), OwnError)


def test_where_the_main_process_has_refused_the_run_it_says_why(tmp_path: Path) -> None:
    assert attribute_to_process(ERROR, tmp_path / "removed", time.time(), "process 1 of 2") is ERROR


def test_a_process_that_has_lost_another_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(LostProcess, match=r"R432.*another process") as caught, explaining_processes(tmp_path):
        raise RuntimeError("[../gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:1234")
    assert attribute_to_process(caught.value, tmp_path, 0.0, "process 1 of 2") is caught.value


def test_other_errors_of_the_run_time_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="our mistake"), explaining_processes(tmp_path):
        raise RuntimeError("our mistake")


def test_a_signal_that_a_launcher_hands_on_is_no_second_request() -> None:
    assert [Interrupt(echo=60.0).ask(), Interrupt(echo=0.0).ask()] == [False, False]
    alone, launched = Interrupt(echo=0.0), Interrupt(echo=60.0)
    assert [alone.ask(), alone.ask(), launched.ask(), launched.ask()] == [False, True, False, False]
