"""The table of former names leads to names that are there, and no former name is still one."""

import re
import tomllib

import pytest

from ssldsl.ops.library import Library
from ssldsl.ops.rendering import definition
from ssldsl.resources import stdlib

TABLE = tomllib.loads((stdlib() / "renamed.toml").read_text("utf-8"))
LIBRARY = Library.shipped(installed=False)
NAMES = {*LIBRARY.names(), *LIBRARY.methods()}


def arguments(name: str) -> set[str]:
    """The arguments that an op or definition takes."""
    signature = LIBRARY.get(name)
    if signature is not None:
        return {e.name for e in signature.edges} | {s.name for s in signature.settings}
    header = re.search(rf"def\s+{name}\((.*?)\)\s*[={{]", definition(LIBRARY.methods()[name], name), re.DOTALL)
    assert header is not None
    return set(re.findall(r"(?:^|[,(])\s*(?:using\s+)?(\w+)", re.sub(r"=[^,]*", "", header.group(1))))


def test_every_present_name_is_one_and_no_former_name_is() -> None:
    assert set(TABLE["names"].values()) <= NAMES
    assert not NAMES & TABLE["names"].keys()


@pytest.mark.parametrize("function", TABLE["arguments"])
def test_a_function_takes_the_present_arguments_and_no_former_one(function: str) -> None:
    renamed = TABLE["arguments"][function]
    assert set(renamed.values()) <= arguments(function)
    assert not arguments(function) & renamed.keys()
