"""Predictions as a table in a file, CSV or Parquet, written part by part: they need not fit into memory."""

import csv
import importlib
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen
from torch import Tensor

from ssldsl.errors import Diagnostic, SpecError


@frozen
class Predicted:
    """Predictions of some samples. label_names: of the data; class_names: of what the run has learned."""

    index: Tensor
    names: tuple[str, ...]
    labels: Tensor | None
    label_names: tuple[str, ...]
    probabilities: Tensor | None
    class_names: tuple[str, ...]
    embeddings: Tensor | None

    @property
    def classes(self) -> list[str | int]:
        """The likeliest class of every sample."""
        return [] if self.probabilities is None else _named(self.probabilities.argmax(dim=1), self.class_names)

    def columns(self) -> dict[str, list[Any]]:
        """What a row has at least: `index`, `name`, `label`, `class`, as far as they are known."""
        found: dict[str, list[Any]] = {"index": self.index.tolist()}
        found |= {"name": list(self.names)} if self.names else {}
        found |= {"label": list(_named(self.labels, self.label_names))} if self.labels is not None else {}
        return found | ({"class": self.classes} if self.probabilities is not None else {})

    def numbers(self, leave_out: Collection[str] = ()) -> dict[str, Tensor]:
        """What a row has several of: `probability`, `embedding`."""
        found = {"probability": self.probabilities, "embedding": self.embeddings}
        return {name: values for name, values in found.items() if values is not None and name not in leave_out}


def _named(numbers: Tensor, names: tuple[str, ...]) -> list[str | int]:
    """Numbers of classes as the names of these, if there are names."""
    return [names[number] if names else number for number in numbers.tolist()]


def save(parts: Iterable[Predicted], path: Path, leave_out: Collection[str] = ()) -> Path:
    """Write a table; the ending of its name says in which form. It is put in place whole.

    leave_out: `probability`, `embedding`. Raises R304 for another ending, R430 where `pyarrow` is missing, R302 where
    the file cannot be written.
    """
    if path.suffix not in FORMS:
        raise SpecError(Diagnostic("R304", f"`{path}`: the ending says what to write: {', '.join(FORMS)}"))
    unfinished = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        FORMS[path.suffix](parts, unfinished, leave_out)
        unfinished.replace(path)
    except OSError as error:
        raise SpecError(Diagnostic("R302", f"`{path}` cannot be written: {error.strerror or error}")) from None
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _write_csv(parts: Iterable[Predicted], path: Path, leave_out: Collection[str]) -> None:
    """A column for every number: `probability.cat`, `embedding.0`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for count, part in enumerate(parts):
            columns = part.columns()
            for name, values in part.numbers(leave_out).items():
                names = part.class_names if name == "probability" else ()
                heads = [f"{name}.{each}" for each in names or range(values.shape[1])]
                texts = values.numpy().T.astype(str)  # no more digits than float32 has
                columns |= dict(zip(heads, texts.tolist(), strict=True))
            if not count:
                writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))


def _write_parquet(parts: Iterable[Predicted], path: Path, leave_out: Collection[str]) -> None:
    """Probabilities and embeddings as lists of numbers; what the classes are called, as `class_names` of the file."""
    arrow, parquet = _arrow()
    writer = None
    try:
        for part in parts:
            table = arrow.table(part.columns())
            for name, values in part.numbers(leave_out).items():
                table = table.append_column(name, arrow.array(list(values.numpy()), arrow.list_(arrow.float32())))
            if writer is None:
                names = {"class_names": "\n".join(part.class_names)} if part.class_names else None
                writer = parquet.ParquetWriter(path, table.schema.with_metadata(names))
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _arrow() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        message = "a table in Parquet needs the package `pyarrow`, which is not installed"
        raise SpecError(Diagnostic("R430", message, help='`pip install "ssldsl[tables]"`, or write `.csv`')) from None


FORMS: Mapping[str, Callable[[Iterable[Predicted], Path, Collection[str]], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}
