"""A part of a data set, chosen by seed or by name."""

import json
from collections import Counter
from pathlib import Path, PurePosixPath

import torch
from torch import Tensor

from ssldsl.ops import Count, File, NonNegativeInt, PositiveInt, op
from ssldsl.ops.data import Data, Samples
from ssldsl.ops.data_dirs import BrokenData, find_given
from ssldsl.ops.stratified_subsets import check_one_way, choose, even_shares, number_of


@op(size="count")
def subset(
    data: Data,
    *,
    count: Count | None = None,
    per_class: PositiveInt | None = None,
    names: File | None = None,
    seed: NonNegativeInt = 0,
) -> Data:
    """A subset of a data set: `count` samples, balanced over classes, `per_class` of each, or those that a file names.

    Source: no paper. `count` is a number or a percentage. What cannot be divided goes one by one to classes in an order
    that the seed gives; where a class has too few samples the others give more. Data without labels give any `count`.
    The choice depends on the seed and the samples' numbers alone, and a larger subset contains a smaller one. A file of
    names has one name a line, or is JSON, `{"values": [...]}`; samples without names are named by their numbers.
    """
    check_one_way("subset", count, per_class, names)
    if names is not None:
        return data.take(rows_named(data, find_given("subset", names, "")))
    if per_class is None:
        assert count is not None
        return data.take(choose(data, number_of(data, count), seed, "subset", even_shares))
    return data.take(rows_per_class(data, per_class, seed, "subset"))


def rows_per_class(data: Samples, per_class: int, seed: int, purpose: str) -> Tensor:
    """As many rows of every class, which must have them."""
    if data.labels is None:
        raise ValueError(f"{per_class} samples of every class of data that have no labels")
    sizes = data.labels.bincount()
    if per_class > int(sizes.min()):
        raise ValueError(f"{per_class} samples of every class, and class {int(sizes.argmin())} has {int(sizes.min())}")
    return choose(data, per_class * len(sizes), seed, purpose, even_shares)


def read_names(file: Path) -> list[str]:
    """The entries of a file of names, in any of its forms."""
    try:
        text = file.read_text(encoding="utf-8")
        if not text.lstrip().startswith(("{", "[")):
            return [line.strip() for line in text.splitlines() if line.strip()]
        content = json.loads(text)
        values = content["values"] if isinstance(content, dict) else content
        return [str(value) for value in values]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenData(f"this is no list of names: {error!r}", str(file)) from error


def rows_named(data: Samples, file: Path) -> Tensor:
    """The rows of the named samples, ascending. A name may leave out the folders, where that is clear."""
    paths = list(data.names) or [str(number) for number in data.ids.tolist()]
    rows = {path: row for row, path in enumerate(paths)}
    short = Counter(PurePosixPath(path).name for path in paths)
    rows |= {name: row for path, row in rows.items() if short[name := PurePosixPath(path).name] == 1}
    wanted = set(read_names(file))
    unknown = sorted(wanted - rows.keys())
    if unknown or not wanted:
        lines = [f"{len(unknown)} of {len(wanted)} names are not in the data, such as {unknown[:3]}"]
        if any("," in name or "\t" in name or ";" in name for name in unknown):
            lines.append("a list of names has one name a line and nothing else; a table of labels is for `image_table`")
        raise BrokenData("\n".join(lines) if wanted else "no names in this file", str(file))
    return torch.tensor(sorted({rows[name] for name in wanted}))
