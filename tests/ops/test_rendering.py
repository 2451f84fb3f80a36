"""The library as text."""

import json
import re
from pathlib import Path

import pytest

from ssldsl.check.evaluate.names import WORD_NAMES
from ssldsl.errors import SpecError
from ssldsl.ops.language_words import WORDS
from ssldsl.ops.library import Library
from ssldsl.ops.papers import read_papers
from ssldsl.ops.rendering import call_form, show_library, show_op, users, write_pages
from ssldsl.ops.signature import Signature
from ssldsl.resources import stdlib


def shipped(name: str) -> Signature:
    signature = Library.shipped(installed=False).get(name)
    assert signature is not None
    return signature


def test_the_list_names_every_op_and_definition() -> None:
    library = Library.shipped(installed=False)
    text = show_library(library=library)
    assert all(f"  {name} " in text or f"  {name}\n" in text for name in [*library.names(), *library.methods()])


def test_an_op_is_shown_with_call_settings_formula_and_users() -> None:
    text = show_op("cross_entropy")
    assert text.startswith("cross_entropy(logits, labels, smoothing=0.0, temperature=1.0)\n")
    assert "smoothing    a number, between 0 and 1  default 0.0" in text
    assert "$$ \\ell_b = " in text
    assert "ce, " in text
    assert "quickstart.ssl" in text
    assert "stdlib/losses/cross_entropy.py" in text


def test_a_paper_is_cited() -> None:
    assert "Miyato" in show_op("virtual_adversarial").split("paper ")[1]


def test_what_a_call_gives_later_is_not_in_its_form() -> None:
    assert call_form(shipped("random_shift")) == "random_shift(pixels=1)"
    assert call_form(shipped("linear")) == "linear(dim, classes)"


def test_a_definition_is_shown_as_it_is_written() -> None:
    text = show_op("rotation")
    assert "def rotation(x, using encoder) {" in text
    assert "}" in text
    assert "def vat" not in text


def test_use_counts_through_definitions() -> None:
    definitions, specs = users("rotate4", Library.shipped(installed=False))
    assert "rotation" in definitions
    assert "quickstart.ssl" in specs


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(SpecError, match=r"N201.*`cross_entrpy`[\s\S]*`cross_entropy`"):
        show_op("cross_entrpy")


def test_as_data_an_op_is_json() -> None:
    assert json.loads(show_op("random_shift", as_data=True))["settings"]["properties"]["pixels"]["default"] == 1
    assert json.loads(show_op("ce", as_data=True))["role"] == "definition"


def test_pages_are_written_for_every_role(tmp_path: Path) -> None:
    written = write_pages(tmp_path / "pages")
    assert {p.stem for p in written} >= {"losses", "views", "nets", "methods"}
    assert "## `cross_entropy`" in (tmp_path / "pages" / "losses.md").read_text()


def test_papers_are_read_from_plain_bibtex(tmp_path: Path) -> None:
    path = tmp_path / "p.bib"
    path.write_text(
        "@article{one2020,\n  author = {One, Ann and Two, Bob},\n  title = {A {GAN} for\n    cats},\n"
        '  journal = "J. Cats",\n  year = 2020,\n}\n\n'
        "@misc{x,\n  author = {X, Y},\n  title = {T},\n  year = {1999}\n}\n"
    )
    papers = read_papers(path)
    assert str(papers["one2020"]) == "One & Two: A GAN for cats. J. Cats, 2020"
    assert set(papers) == {"one2020", "x"}


def test_every_paper_of_an_op_is_known() -> None:
    library, papers = Library.shipped(installed=False), read_papers()
    keys = {s.traits.paper for s in map(library.get, library.names()) if s is not None and s.traits.paper}
    assert keys <= set(papers)


def test_no_two_papers_have_one_key() -> None:
    keys = re.findall(r"^@\w+\{(.+),", (stdlib() / "papers.bib").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(keys) == sorted(set(keys)) == sorted(read_papers())


def test_a_paper_that_the_bibliography_does_not_have_is_said(tmp_path: Path) -> None:
    file = tmp_path / "odd.py"
    file.write_text(
        "from torch import Tensor\n\nfrom ssldsl.ops import Logits, Scalar, op\n\n\n"
        '@op(paper="nobody2031", role="losses")\n'
        'def odd(logits: Logits[Tensor, "batch classes"]) -> Scalar[Tensor, ""]:\n'
        '    """A loss of a paper that is not in the bibliography."""\n'
        "    return logits.sum()\n",
        "utf-8",
    )
    text = show_op("odd", library=Library.shipped(installed=False).with_file(file))
    assert "paper     `nobody2031`, which `stdlib/papers.bib` does not have" in text


def test_every_line_of_the_list_is_a_sentence_of_its_own() -> None:
    lines = [line for line in show_library(library=Library.shipped(installed=False)).splitlines() if line[:2] == "  "]
    sentences = [line.split(maxsplit=1)[1] for line in lines]
    assert len(set(sentences)) == len(sentences)
    assert not [s for s in sentences if re.match(r"(The same|As above|Also)\b", s) or not s.endswith((".", "`"))]


def test_a_view_that_draws_is_called_random_or_has_a_probability() -> None:
    views = map(shipped, Library.shipped(installed=False).role("views"))
    assert not [v.name for v in views if v.uses_rng and "random" not in v.name and v.setting("p") is None]


def test_every_word_of_the_language_is_shown_as_one() -> None:
    assert WORDS.keys() == set(WORD_NAMES)
    assert "`average = polyak(half_life=1ep)`" in show_op("polyak")
    page = (Path(__file__).parents[2] / "docs" / "language.md").read_text("utf-8").rpartition("\n## 16.")[2]
    assert all(f"`{name}(" in page for name in WORDS)


def test_the_parts_of_a_network_are_listed() -> None:
    assert "conv1, bn1, maxpool, layer1, layer2, layer3, layer4" in show_op("resnet18")
