"""Every shipped spec, and every variant of it, resolved: the text is checked, and means the same experiment."""

from pathlib import Path

import pytest

from ssldsl import pipeline
from ssldsl.check.resolving import resolve
from ssldsl.comparing.canonical import identity
from ssldsl.source import Source
from ssldsl.syntax import tree

SPECS = Path(__file__).parents[2] / "specs"


def cases() -> list[tuple[str, str]]:
    """Every spec as it is, and with each of its variants."""
    found = []
    for path in sorted(SPECS.glob("*.ssl")):
        file = pipeline.compose(Source(str(path), path.read_text("utf-8"))).file
        variants = [s.name.id for s in file.statements if isinstance(s, tree.Variant)]
        found += [(path.name, variant) for variant in ("", *variants)]
    return found


@pytest.mark.parametrize(("name", "variant"), cases(), ids=lambda text: text or "as_it_is")
def test_a_resolved_spec_is_the_same_experiment(name: str, variant: str) -> None:
    path = SPECS / name
    checked = pipeline.compose(Source(str(path), path.read_text("utf-8")), variants=[variant] if variant else [])
    again = pipeline.compose(Source(str(path.with_name("resolved.ssl")), resolve(checked)))
    assert again.program is not None, [d.message for d in again.diagnostics]
    assert identity(again.program) == identity(checked.unwrap())
