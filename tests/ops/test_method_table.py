"""The table of all methods and the page of each, which the site makes of the library's definitions."""

import re
from pathlib import Path

from ssldsl.ops.library import Library
from ssldsl.ops.method_pages import method_page, seen_in
from ssldsl.ops.method_table import methods_table
from ssldsl.ops.papers import read_papers

LIBRARY = Library.shipped(installed=False)
TABLE = methods_table(LIBRARY)


def test_every_definition_has_a_row_with_a_sentence() -> None:
    rows = dict(re.findall(r"^\| \[(\w+)\]\(methods/\1\.md\) \| (.+?) \| \d+ \| .+ \|$", TABLE, flags=re.M))
    assert rows.keys() == LIBRARY.methods().keys()
    assert all(sentence.endswith((".", "`")) for sentence in rows.values())


def test_a_row_says_how_long_a_method_is_and_which_specs_have_it() -> None:
    row = next(line for line in TABLE.splitlines() if line.startswith("| [fixmatch](methods/fixmatch.md) |"))
    assert (
        row.split("|")[3].strip() == "4"
        and "(experiments/fixmatch_digits.md)" in row
        and "(experiments/fixmatch_cifar10.md)" in row
    )


def test_the_papers_of_a_file_are_listed_under_it() -> None:
    family = TABLE.split("### Mixmatch")[1].split("###")[0]
    assert "MixMatch: A Holistic Approach" in family and "ReMixMatch" in family


def test_the_page_of_a_method_has_its_text_its_formulas_a_picture_and_its_paper() -> None:
    page = method_page("fixmatch", LIBRARY)
    assert "def fixmatch(weak, strong" in page and "[`cross_entropy`](../library/losses.md#cross_entropy)" in page
    assert (
        r"$$" in page
        and "[![The method as a graph](fixmatch.svg)](fixmatch.svg)" in page
        and "FixMatch: Simplifying" in page
    )
    assert "[fixmatch_digits](../experiments/fixmatch_digits.md)" in page


def test_a_method_that_only_a_variant_uses_is_shown_in_that_variant() -> None:
    seen = seen_in("dcl", LIBRARY)
    assert seen is not None and (seen.spec.stem, seen.variant) == ("simclr_digits", "dcl")


def test_every_page_is_made() -> None:
    assert all(method_page(name, LIBRARY).count(f"\n# {name}\n") == 1 for name in LIBRARY.methods())


def test_accents_of_bibtex_are_letters(tmp_path: Path) -> None:
    file = tmp_path / "p.bib"
    file.write_text(
        "@misc{a2020b,\n  author = {M{\\\"u}ller, K. and J{\\'e}gou, H.},\n  title = {T},\n  year = 2020,\n}\n", "utf-8"
    )
    assert str(read_papers(file)["a2020b"]) == "Müller & Jégou: T. 2020"
