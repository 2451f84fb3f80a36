"""`ssldsl cite`: BibTeX of what a spec rests on."""

import re
from pathlib import Path

import pytest

import ssldsl
from ssldsl.ops.papers import read_papers
from ssldsl.resources import specs, stdlib

_KEYS = re.compile(r"\[([a-z]+\d{4}\w*)\]")


def keys(text: str) -> list[str]:
    return re.findall(r"^@\w+\{(\w+),", text, re.MULTILINE)


def test_the_papers_of_definitions_and_ops_are_cited_and_no_others() -> None:
    found = keys(ssldsl.load(specs() / "quickstart.ssl").cite())
    assert {"zhai2019s4l", "miyato2018vat", "alpaydin1998digits"} <= set(found)
    assert "caron2020swav" not in found
    assert len(found) == len(set(found))


def test_a_definition_that_a_definition_calls_is_cited() -> None:
    assert "zhai2019s4l" in keys(ssldsl.load(specs() / "s4l_digits.ssl", variant="rotation").cite())


def test_of_several_definitions_in_a_file_the_one_that_is_used_is_cited() -> None:
    found = keys(ssldsl.load(specs() / "fixmatch_cifar10.ssl").cite())
    assert "sohn2020fixmatch" in found
    assert not {"nguyen2023refixmatch", "zhang2021flexmatch", "xie2020uda", "muller2021trivialaugment"} & set(found)


def test_what_a_variant_calls_is_cited_with_the_variant_alone() -> None:
    found = keys(ssldsl.load(specs() / "fixmatch_cifar10.ssl", variant="flexmatch").cite())
    assert "zhang2021flexmatch" in found
    assert "wang2023freematch" not in found


def test_a_key_in_the_header_is_cited() -> None:
    text = (specs() / "quickstart.ssl").read_text(encoding="utf-8")
    assert keys(ssldsl.loads(f"# as in [grill2020byol]\n{text}").cite())[0] == "grill2020byol"


@pytest.mark.parametrize("path", sorted((stdlib() / "methods").glob("*.ssl")), ids=lambda path: path.stem)
def test_keys_in_definitions_are_in_the_bibliography(path: Path) -> None:
    assert set(_KEYS.findall(path.read_text(encoding="utf-8"))) <= set(read_papers())
