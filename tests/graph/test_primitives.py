"""A primitive is one file, and all that the compiler knows of it stands there."""

import re
from pathlib import Path

import pytest

from ssldsl.ir import primitives
from ssldsl.ir.primitive import Printed
from ssldsl.ir.primitives import PRIMITIVES
from ssldsl.ops.library import Library

FOLDER = Path(primitives.__file__).parent


def test_every_file_is_a_primitive_of_its_name() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert files == set(PRIMITIVES)


@pytest.mark.parametrize("name", PRIMITIVES)
def test_the_file_says_first_what_it_is(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text("utf-8")
    assert re.match(rf'"""`{name}`: .+\.', text)


def test_no_op_of_the_library_has_the_name_of_a_primitive() -> None:
    assert set(Library.shipped(installed=False).names()).isdisjoint(PRIMITIVES)


@pytest.mark.parametrize(
    ("name", "inputs", "settings", "text"),
    [
        ("draw", ["batch['labeled.image']"], {}, "batch['labeled.image']"),
        ("rows", ["a", "b", "c"], {}, "Rows(a, b, c)"),
        ("index", ["rows"], {}, "rows.index"),
        ("repeat_rows", ["labels"], {"times": 4}, "labels.repeat_interleave(4, dim=0)"),
        ("field", ["turned"], {"name": "angles"}, "turned.angles"),
        ("stop", ["logits"], {}, "logits.detach()"),
        ("concat", ["a", "b"], {}, "torch.cat([a, b])"),
        ("slice", ["a"], {"start": 0, "stop": 8}, "a[:8]"),
        ("slice", ["a"], {"start": 4, "stop": 8, "step": 2}, "a[4:8:2]"),
        ("mean", ["a"], {}, "a"),
        ("mean", ["a", "b"], {}, "(a + b) / 2"),
        ("sum", ["a", "b"], {}, "a + b"),
        ("row_mean", ["a"], {}, "a.mean()"),
        ("weighted_sum", ["a", "b"], {"by": [0.9, 0.1]}, "0.9 * a + 0.1 * b"),
        ("weighted_sum", ["a", "b"], {"by": [-1.0, 1.0], "plus": 1.0}, "1.0 - a + b"),
        ("weighted_sum", ["a"], {"by": [{"schedule": 2}]}, "scalars[2] * a"),
        ("weighted_sum", ["a", "b"], {"by": [-1.0, -0.5]}, "-a - 0.5 * b"),
        ("product", ["a", "b"], {}, "a * b"),
        ("compare", ["a"], {"sign": ">=", "to": 0.95}, "(a >= 0.95).float()"),
        ("compare", ["a", "b"], {"sign": "=="}, "(a == b).float()"),
        ("gather", ["a"], {}, "gather(a)"),
        ("local", ["a"], {}, "local(a)"),
    ],
)
def test_the_text_of_a_primitive(name: str, inputs: list[str], settings: dict[str, object], text: str) -> None:
    python = PRIMITIVES[name].python
    assert python is not None and python(Printed(tuple(inputs), settings)) == text


def test_a_network_is_applied_module_by_module() -> None:
    python = PRIMITIVES["apply"].python
    printed = Printed(("Composition(self.f, self.g)", "images"), {}, modules=("self.f", "self.g"))
    assert python is not None and python(printed) == "self.g(self.f(images))"


@pytest.mark.parametrize(
    ("name", "settings", "text"),
    [
        ("repeat_rows", {"times": 4}, "r.repeat(4)"),
        ("concat", {}, "Rows.joined(r)"),
        ("slice", {"start": 0, "stop": 8}, "Rows(*(part[:4] for part in r))"),
        ("gather", {}, "Rows(*(gather(part) for part in r))"),
    ],
)
def test_what_says_which_samples_rows_are_has_three_parts(name: str, settings: dict[str, object], text: str) -> None:
    python = PRIMITIVES[name].python
    assert python is not None and python(Printed(("r",), settings, is_rows=True, shards=2)) == text
