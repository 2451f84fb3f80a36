"""Requests to stop: the step is finished and a checkpoint written; a second request ends the run at once.

Ctrl-C is a person's; SIGTERM, SIGHUP and SIGUSR1 are those of schedulers, which send them some time before they kill.
The exit code says which: 130 after Ctrl-C, 75 ("try again later") after the others.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from attrs import define

from ssldsl.processes import has_launcher

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1") if hasattr(signal, name))
ECHO = 3.0  # seconds; a launcher hands on a Ctrl-C that the processes have got from the terminal themselves
INTERRUPTED, TRY_AGAIN = 130, 75  # as shells and `sysexits.h` have them


@define
class Interrupt:
    """Whether somebody asked the run to stop. `echo`: seconds for which further requests are the same one.

    number: the signal that asked; none where another process got it.
    """

    echo: float = 0.0
    is_wanted: bool = False
    number: int | None = None
    _asked_at: float = 0.0

    def ask(self, number: int | None = None) -> bool:
        """Take note of a request. Gives whether it is a second one."""
        now = time.monotonic()
        if not self.is_wanted:
            self.is_wanted, self.number, self._asked_at = True, number, now
            return False
        return now - self._asked_at >= self.echo

    @property
    def exit_code(self) -> int:
        """How a run ends that was stopped by it."""
        return INTERRUPTED if self.number in (None, signal.SIGINT) else TRY_AGAIN


@contextmanager
def listening(say: Callable[[str], None] = lambda text: None, resume: str = "ssldsl resume") -> Iterator[Interrupt]:
    """Inside, the first signal sets the interrupt and the second does what it always did.

    say: tells a person. resume: the command that continues the run. What is ignored (SIGHUP under `nohup`) stays so.
    """
    interrupt = Interrupt(ECHO if has_launcher() else 0.0)
    if threading.current_thread() is not threading.main_thread():  # only the main thread may listen
        yield interrupt
        return
    found = {number: signal.getsignal(number) for number in SIGNALS}
    before = {number: handler for number, handler in found.items() if handler != signal.SIG_IGN}

    def receive(number: int, frame: FrameType | None) -> None:
        was_wanted = interrupt.is_wanted
        if interrupt.ask(number):
            say(f"ended at once; `{resume}` goes on from the last checkpoint")
            signal.signal(number, before[number])
            signal.raise_signal(number)
        elif not was_wanted:
            say(f"{_named(number)}: the run stops after this step, with a checkpoint; {_again(number)}")

    for number in before:
        signal.signal(number, receive)
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _named(number: int) -> str:
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name


def _again(number: int) -> str:
    return f"{'Ctrl-C again' if number == signal.SIGINT else 'a second signal'} ends it at once, without one"
