"""Settings above the stages hold for all that do not say otherwise."""

import pytest
from small_specs import TWO_STREAMS

from ssldsl.check import check
from ssldsl.check.resolving import resolve
from ssldsl.comparing.canonical import identity
from ssldsl.errors import SpecError
from ssldsl.source import Source
from ssldsl.syntax.parser import parse_edit

SETTINGS = """optimizer = adam(lr=0.01 * cosine())
batch     = {labeled: 20, unlabeled: 40}
clock     = labeled
clip      = 1.0
average   = polyak(half_life=1ep)
run       = 3ep
"""
ABOVE = f"""{TWO_STREAMS}{SETTINGS}
stage one {{ loss = ce(labeled) + entropy(classes(encoder(unlabeled))) }}
stage two after one {{
  init encoder, classes from one
  loss = ce(labeled)
  run  = 1ep
}}
"""
INSIDE = f"""{TWO_STREAMS}
stage one {{
  loss = ce(labeled) + entropy(classes(encoder(unlabeled)))
  {SETTINGS}
}}
stage two after one {{
  init encoder, classes from one
  loss = ce(labeled)
  {SETTINGS.replace("3ep", "1ep")}
}}
"""


def checked(text: str, *edits: str):  # type: ignore[no-untyped-def]
    return check(Source("two.ssl", text), changes=[parse_edit(edit, "set") for edit in edits])


def test_said_once_is_said_in_each_stage() -> None:
    assert identity(checked(ABOVE).unwrap()) == identity(checked(INSIDE).unwrap())
    assert checked(ABOVE).diagnostics == ()  # rows of `unlabeled` in stage two are no slip


def test_resolve_leaves_it_above() -> None:
    text = resolve(checked(ABOVE))
    assert text.count("adam(") == 1
    assert identity(checked(text).unwrap()) == identity(checked(ABOVE).unwrap())


def test_an_edit_changes_it_for_all() -> None:
    one, two = checked(ABOVE, "optimizer.lr=0.5", "run=7ep").unwrap().stages
    assert one.optimizer.setting("lr") == two.optimizer.setting("lr") == 0.5
    assert (str(one.run), str(two.run)) == ("7ep", "1ep")


def test_an_edit_adds_nothing_that_a_stage_says_itself() -> None:
    with pytest.raises(SpecError, match="N210"):
        checked(INSIDE, "clip=2.0").unwrap()
