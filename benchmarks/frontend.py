"""How long the front end takes: with the length of a spec, and from a cold start."""

import os
import re
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path

from ssldsl import pipeline
from ssldsl.editor.analysis import Analysis
from ssldsl.ops.library import Library
from ssldsl.source import Source

SPECS = Path(__file__).parents[1] / "specs"
HEAD = """ssl 1
data images = digits()
stream unlabeled = unlabel(images.train) >> random_shift(1)
net encoder = convnet(width=32)
head classes = linear(encoder.dim, images.classes)
optimizer = sgd(lr=0.1 * cosine(), momentum=0.9)
run = 30ep
clock = unlabeled
eval top1(images.test)
"""
TAIL = 3  # lines of a statement that goes on: the loss and the batch
PER_TERM = 4
OTHERS = {
    "import torch": "import torch",
    "import torch, accelerate": "import torch, accelerate",
    "the same, and an optimizer": "import torch, accelerate; torch.optim.SGD([torch.ones(1)]).step()",  # torch._dynamo
}
PART = 50  # terms of a sum with a name: an expression has 200 levels at most


def statements(text: str) -> int:
    """Lines that say something."""
    return sum(1 for line in text.splitlines() if re.sub("#.*", "", line).strip())


def longest_spec() -> tuple[str, int]:
    """Name and lines of the longest spec that is shipped."""
    found = {path.name: statements(path.read_text(encoding="utf-8")) for path in SPECS.glob("*.ssl")}
    name = max(found, key=lambda key: found[key])
    return name, found[name]


def spec_of(lines: int) -> Source:
    """A spec of about so many lines: every four of them are a stream, its head, its rows, and a term of the loss."""
    streams_wanted = max(1, (lines - statements(HEAD) - TAIL) // PER_TERM)
    streams = "".join(
        f"stream s{i} = images.train.subset(100, seed={i}) >> random_shift(1)\nhead h{i} = linear(encoder.dim, 10)\n"
        for i in range(streams_wanted)
    )
    terms = [f"0.5*ce(s{i}, net=encoder >> h{i}) as t{i}" for i in range(streams_wanted)]
    parts = [terms[start : start + PART] for start in range(0, streams_wanted, PART)]
    lets = "".join(f"let part{i} = {(chr(10) + '  + ').join(part)}\n" for i, part in enumerate(parts))
    loss = " + ".join(f"part{i}" for i in range(len(parts)))
    batch = ",\n  ".join(f"s{i}: 8" for i in range(streams_wanted))
    vat = "0.3*vat(unlabeled) + ce(s0)"
    return Source("long.ssl", f"{HEAD}{streams}{lets}loss = {vat}\n  + {loss}\nbatch = {{unlabeled: 64,\n  {batch}}}\n")


def compile_times(factors: Sequence[int], repeats: int) -> list[tuple[int, int, float, float]]:
    """Factor, lines, and processor seconds to check a spec of this length and to plan it: medians."""
    library = Library.shipped()
    _, longest = longest_spec()
    pipeline.compile(pipeline.compose(spec_of(longest), library=library).unwrap())
    rows = []
    for factor in factors:
        source = spec_of(factor * longest)
        program = pipeline.compose(source, library=library).unwrap()
        check = _median(lambda source=source: pipeline.compose(source, library=library), repeats)  # type: ignore[misc]  # a default binds it
        plan = _median(lambda program=program: pipeline.compile(program), repeats)  # type: ignore[misc]  # as above
        rows.append((factor, statements(source.text), check, plan))
    return rows


def _median(call: Callable[[], object], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        before = time.process_time()
        call()
        taken.append(time.process_time() - before)
    return statistics.median(taken)


def answer_times(repeats: int) -> dict[str, tuple[float, float]]:
    """Processor seconds that the language server takes for a change of every shipped spec, the library being known.

    The first answer, which a person who types waits for, and the one after it of variants, sweeps and all rounds.
    """
    return {path.stem: _answers(path, repeats) for path in sorted(SPECS.glob("*.ssl"))}


def _answers(path: Path, repeats: int) -> tuple[float, float]:
    text, library = path.read_text(encoding="utf-8"), Library.shipped()
    changed = (Analysis.of(f"{text}# {number}\n", str(path), library) for number in count())
    present = next(changed)
    first = _median(lambda: next(changed), repeats)
    return first, _median(lambda: deque(present.completed(library), maxlen=0), 1)


def cold_starts(repeats: int) -> dict[str, tuple[float, ...]]:
    """Processor seconds of fresh processes, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        once = ["--set", "run=1it", "--no-report", "--no-progress", "-o", folder]
        asked = {
            "ssldsl check": ["check", str(SPECS / "quickstart.ssl")],
            "ssldsl check of 17 variants": ["check", str(SPECS / "tsuc_cifar10.ssl")],
            "ssldsl graph": ["graph", str(SPECS / "suave_imagenet.ssl"), "-o", f"{folder}/drawn.svg"],
            "ssldsl run of one step": ["run", str(SPECS / "quickstart.ssl"), *once],
        }
        commands = {name: [sys.executable, "-m", "ssldsl", *words] for name, words in asked.items()}
        commands |= {name: [sys.executable, "-c", code] for name, code in OTHERS.items()}
        return _in_turns(commands, repeats)


def _in_turns(commands: Mapping[str, Sequence[str]], repeats: int) -> dict[str, tuple[float, ...]]:
    found: dict[str, list[float]] = {name: [] for name in commands}
    for command in commands.values():
        _seconds_of(command)  # files are read and caches made once
    for _ in range(repeats):
        for name, command in commands.items():
            found[name].append(_seconds_of(command))
    return {name: tuple(values) for name, values in found.items()}


def _seconds_of(command: Sequence[str]) -> float:
    """Processor seconds, of the system's too, that a process takes. Bytecode is kept, as it is by default."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        quiet = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1), (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 2)]
        process = os.posix_spawn(command[0], command, environment, file_actions=quiet)
        _, status, usage = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"{command} failed")
    return usage.ru_utime + usage.ru_stime
