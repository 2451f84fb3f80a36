"""Ctrl-C and a request to terminate: the step is finished and a checkpoint written; a second one ends at once."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from attrs import define

from ssldsl.processes import has_launcher

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ECHO = 3.0  # seconds; a launcher hands on a Ctrl-C that the processes have got from the terminal themselves


@define
class Interrupt:
    """Whether somebody asked the run to stop. `echo`: seconds for which further requests are the same one."""

    echo: float = 0.0
    is_wanted: bool = False
    _asked_at: float = 0.0

    def ask(self) -> bool:
        """Take note of a request. Gives whether it is a second one."""
        now = time.monotonic()
        if not self.is_wanted:
            self.is_wanted, self._asked_at = True, now
            return False
        return now - self._asked_at >= self.echo


@contextmanager
def listening() -> Iterator[Interrupt]:
    """Inside, the first signal sets the interrupt and the second does what it always did."""
    interrupt = Interrupt(ECHO if has_launcher() else 0.0)
    if threading.current_thread() is not threading.main_thread():  # only the main thread may listen
        yield interrupt
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def receive(number: int, frame: FrameType | None) -> None:
        if interrupt.ask():
            signal.signal(number, before[signal.Signals(number)])
            signal.raise_signal(number)

    for number in SIGNALS:
        signal.signal(number, receive)
    try:
        yield interrupt
    finally:
        for number in SIGNALS:
            signal.signal(number, before[number])
