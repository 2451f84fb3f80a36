"""The table of all methods, which the site makes of the library's definitions."""

import re

from ssldsl.ops.library import Library
from ssldsl.ops.method_table import methods_table

LIBRARY = Library.shipped(installed=False)
TABLE = methods_table(LIBRARY)


def test_every_definition_has_a_row_with_a_sentence() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \| \d+ \| .+ \|$", TABLE, flags=re.M))
    assert rows.keys() == LIBRARY.methods().keys()
    assert all(sentence.endswith((".", "`")) for sentence in rows.values())


def test_a_row_says_how_long_a_method_is_and_which_specs_have_it() -> None:
    row = next(line for line in TABLE.splitlines() if line.startswith("| `fixmatch` |"))
    assert row.split("|")[3].strip() == "4" and "`fixmatch_digits`" in row and "`fixmatch_cifar10`" in row


def test_the_papers_of_a_file_are_listed_under_it() -> None:
    family = TABLE.split("### Mixmatch")[1].split("###")[0]
    assert "MixMatch: A Holistic Approach" in family and "ReMixMatch" in family
