"""The program in processes of its own that share what they have imported: its signals are real, its starts cheap."""

import multiprocessing
import os
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

from attrs import frozen

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["ssldsl.cli", "ssldsl.runtime.run", "torch._dynamo", "sklearn.datasets"])


@frozen
class Command:
    """A command that runs. `log`: what it says, on both streams."""

    process: BaseProcess
    log: Path

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def hears(self, text: str) -> str:
        """Wait until it says a line with this text; the line."""
        while True:
            for line in self.said().splitlines():
                if text in line:
                    return line
            assert self.poll() is None, self.said()
            time.sleep(0.02)

    def end(self) -> tuple[int, str]:
        """Its exit code, and all that it said."""
        self.process.join()
        assert self.process.exitcode is not None
        return self.process.exitcode, self.said()


def start(folder: Path, *arguments: str, ignored: tuple[int, ...] = (), **environment: str) -> Command:
    """Start `ssldsl` with these arguments in a folder. `ignored`: signals that its parent ignores, as `nohup` does."""
    return _begin(folder, partial(_command, arguments), ignored, environment)


def together(folder: Path, *arguments: str, processes: int = 2, **environment: str) -> str:
    """The same in several processes that compute together, as those of a launcher do; what they say. All end well."""
    return _ranks(folder, partial(_command, arguments), processes, environment)


def ranks(folder: Path, work: Callable[[Path], None], *, processes: int = 2) -> str:
    """A function of a module, given the folder, in several processes that compute together; what they say."""
    return _ranks(folder, partial(_strictly, work, folder), processes, {"OMP_NUM_THREADS": "1"})


def alone(folder: Path, work: Callable[[], None]) -> int:
    """The exit code of a function of a module in a process of its own; below 0 where a signal ends it."""
    return _begin(folder, work, (), {"ACCELERATE_USE_CPU": "true"}).end()[0]


def _ranks(folder: Path, work: Callable[[], None], processes: int, environment: Mapping[str, str]) -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    all_ = {"WORLD_SIZE": f"{processes}", "LOCAL_WORLD_SIZE": f"{processes}", "ACCELERATE_USE_CPU": "true"}
    all_ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": f"{port}", **environment}
    begun = [_begin(folder, work, (), {**all_, "RANK": f"{r}", "LOCAL_RANK": f"{r}"}) for r in range(processes)]
    ended = [rank.end() for rank in begun]
    said = "".join(text for _, text in ended)
    assert [code for code, _ in ended] == [0] * processes, said[-4000:]
    return said


def _begin(folder: Path, work: Callable[[], None], ignored: tuple[int, ...], environment: Mapping[str, str]) -> Command:
    log = folder / f"said-{len(list(folder.glob('said-*')))}.log"
    log.touch()
    process = SERVER.Process(target=_program, args=(folder, log, work, ignored, environment))
    process.start()
    return Command(process, log)


def _program(
    folder: Path, log: Path, work: Callable[[], None], ignored: tuple[int, ...], environment: Mapping[str, str]
) -> None:
    os.chdir(folder)
    os.environ.update(environment)
    with log.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    warnings.simplefilter("ignore")
    for number in (signal.SIGHUP, signal.SIGINT):  # also where the tests run in the background of a shell
        default = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, signal.SIG_IGN if number in ignored else default)
    work()


def _command(arguments: tuple[str, ...]) -> None:
    from ssldsl import cli

    sys.argv = ["ssldsl", *arguments]
    cli.main()


def _strictly(work: Callable[[Path], None], folder: Path) -> None:
    """A call that a library will soon refuse is an error."""
    warnings.simplefilter("error", FutureWarning)
    work(folder)
