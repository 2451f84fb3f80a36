"""The front end stays light, and its cost grows with the length of a spec and no faster."""

import subprocess
import sys
from pathlib import Path

import pytest

from specs import HEAD, checked

SPECS = Path(__file__).parents[2] / "specs"
COMMANDS = {
    "check": ["check", "quickstart.ssl"],
    "resolve": ["resolve", "quickstart.ssl"],
    "fmt": ["fmt", "--check", "quickstart.ssl"],
    "graph": ["graph", "quickstart.ssl"],
    "diff": ["diff", "quickstart.ssl", "--drop", "vat"],
    "ops": ["ops", "cosine"],
    "explain": ["explain", "D401"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_front_end_imports_neither_torch_nor_accelerate(command):
    code = (
        "import sys; from ssldsl.cli import main\n"
        f"sys.argv = ['ssldsl', *{COMMANDS[command]}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print({'torch', 'accelerate', 'numpy'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=SPECS, capture_output=True, text=True, check=True)
    assert "torch" not in done.stderr.splitlines()[-1]
    assert "accelerate" not in done.stderr.splitlines()[-1]


def calls_for(terms: int) -> int:
    """Function calls that checking a spec with this many streams, heads and terms takes."""
    more = "".join(
        f"stream s{i} = images.train.subset(100, seed={i}) >> random_shift(1)\nhead h{i} = linear(encoder.dim, 10)\n"
        for i in range(terms)
    )
    loss = " + ".join(f"0.5*ce(s{i}, net=encoder >> h{i}) as t{i}" for i in range(terms))
    batch = ", ".join(f"s{i}: 8" for i in range(terms))
    count = 0

    def count_calls(frame, event, arg):
        nonlocal count
        count += event == "call"

    text = f"{HEAD}{more}loss = {loss}\nbatch = {{{batch}}}\nrun = 1ep"
    assert checked(text).program is not None
    sys.setprofile(count_calls)
    try:
        checked(text)
    finally:
        sys.setprofile(None)
    return count


def test_checking_costs_in_proportion_to_the_length_of_the_spec():
    small, large = calls_for(10), calls_for(80)
    assert large < 8 * small * 1.3
