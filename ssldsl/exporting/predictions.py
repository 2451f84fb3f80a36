"""Predictions of a finished run for any data: classes, their probabilities and the embedding of every sample."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from attrs import frozen
from torch import Tensor

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.exporting.asked_data import asked_data
from ssldsl.exporting.prediction_table import Predicted, save
from ssldsl.exporting.wanted_values import Wanted, check_net, wanted_values
from ssldsl.ops.data import Samples, class_names_of
from ssldsl.runtime.evaluate.evaluator import Evaluator
from ssldsl.runtime.evaluate.final_evaluator import final_evaluator, stage_of
from ssldsl.runtime.failures import StepContext, explaining_data, explaining_evaluation
from ssldsl.runtime.folder.class_names import class_names
from ssldsl.runtime.folder.request import Request
from ssldsl.runtime.folder.run_folder import read_plan

if TYPE_CHECKING:
    import pandas


@frozen
class Asked:
    """How predictions are made: an `eval` whose networks and views are applied, a network for the embedding, a stage.

    average: averaged weights where the stage keeps an average. workers: processes that read files.
    watch: is told after every batch how many of how many are done.
    """

    evaluation: str = ""
    net: str = ""
    stage: str = ""
    average: bool = True
    workers: int = 0
    watch: Callable[[int, int], None] = lambda done, batches: None


@frozen
class Predictor:
    """The networks of a run and the data that they are applied to. names: what the classes are called."""

    evaluator: Evaluator
    wanted: Wanted
    samples: Samples
    names: tuple[str, ...]
    context: StepContext

    def parts(self) -> Iterator[Predicted]:
        """The predictions, batch by batch, in the order of the data."""
        first = 0
        wanted = [id_ for id_ in (self.wanted.scores, self.wanted.embedding) if id_]
        with explaining_data(self.wanted.stage), explaining_evaluation(self.context):
            for values in self.evaluator.batches(wanted, self.wanted.stage.steps - 1):
                found = dict(zip(wanted, values, strict=True))
                rows = torch.arange(first, first + len(values[0]))
                first += len(rows)
                yield self._part(rows, found.get(self.wanted.scores), found.get(self.wanted.embedding))

    def _part(self, rows: Tensor, scores: Tensor | None, embedding: Tensor | None) -> Predicted:
        samples, labels = self.samples, self.samples.labels
        probabilities = None
        if scores is not None:
            probabilities = (scores.float().softmax(dim=1) if self.wanted.are_logits else scores.float()).cpu()
        return Predicted(
            samples.ids.cpu()[rows],
            tuple(samples.names[row] for row in rows.tolist()) if samples.names else (),
            None if labels is None else labels.cpu()[rows],
            class_names_of(samples),
            probabilities,
            self.names,
            None if embedding is None else embedding.float().flatten(1).cpu(),
        )


def make_predictor(folder: Path, data: "str | Samples", asked: Asked) -> Predictor:
    """A run ready to predict. data: samples, a folder of images, or an expression in the words of the spec.

    Raises R305 where there is no run, R304 and R307 for a stage, a network, an evaluation that it does not have, R403
    and R404 for data that are missing or broken, R413 for a stage that has not ended.
    """
    plan, request = read_plan(folder), Request.read(folder)
    checked = request.checked()
    checked.unwrap()
    check_net(asked.net, [module.path for module in plan.modules], folder)
    stage = stage_of(plan, folder, asked.stage)
    wanted = wanted_values(
        stage, checked.library, folder, evaluation=asked.evaluation, net=asked.net, average=asked.average
    )
    samples = asked_data(request, data) if isinstance(data, str) else data
    _check_fields(samples, wanted)
    evaluator = final_evaluator(
        plan,
        wanted.stage,
        folder,
        checked.library,
        {wanted.data: samples},
        Path(request.spec).parent,
        workers=asked.workers,
        average=asked.average,
    )
    evaluator.watch = asked.watch
    names = class_names(folder, stage, wanted.named_by) if wanted.named_by else ()
    return Predictor(evaluator, wanted, samples, names, StepContext(folder, wanted.stage, stage.steps))


def _check_fields(samples: Samples, wanted: Wanted) -> None:
    """Refuse samples that are of another kind than those that the network was trained on."""
    there = ", ".join(f"`{field}`" for field in samples.fields)
    for field, shape in wanted.reads.items():
        if field not in samples.fields:
            message = f"the network reads `{field}` of every sample, and these data have {there}"
            raise SpecError(Diagnostic("R404", message))
        with explaining_data(wanted.stage):
            first = samples.read(torch.zeros(1, dtype=torch.int64))[field].shape[1:]
        if len(first) != len(shape) or (isinstance(shape[0], int) and first[0] != shape[0]):  # of images the channels
            texts = (" × ".join(str(n) if isinstance(n, int) else "any" for n in sizes) for sizes in (shape, first))
            known, found = texts
            message = f"the network knows samples of the shape {known}, and these are {found}"
            raise SpecError(Diagnostic("R404", message, help="of images, the first number are the channels"))


@frozen
class Predictions:
    """Predictions in memory, a row a sample: `index`, `names`, `labels`, `probabilities`, `embeddings`, `class_names`.

    What the data or the run does not have is None, or empty.
    """

    parts: tuple[Predicted, ...]

    @property
    def index(self) -> Tensor:
        """The number of every sample in the data set that it comes from."""
        return torch.cat([part.index for part in self.parts])

    @property
    def names(self) -> tuple[str, ...]:
        """The files, or nothing."""
        return tuple(name for part in self.parts for name in part.names)

    @property
    def labels(self) -> Tensor | None:
        """The true classes, where the data have labels."""
        return _joined([part.labels for part in self.parts])

    @property
    def probabilities(self) -> Tensor | None:
        """Samples by classes; nothing where the run has no classifier."""
        return _joined([part.probabilities for part in self.parts])

    @property
    def embeddings(self) -> Tensor | None:
        """Samples by features."""
        return _joined([part.embeddings for part in self.parts])

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the classes are called, by number, if they have names."""
        return self.parts[0].class_names

    @property
    def classes(self) -> list[str] | list[int]:
        """The likeliest class of every sample, by its name if it has one."""
        return [value for part in self.parts for value in part.classes]  # type: ignore[return-value]  # alike in all

    @property
    def frame(self) -> "pandas.DataFrame":
        """A table of pandas with the columns of a Parquet file. Raises R430 where pandas is not installed."""
        try:
            import pandas
        except ImportError:
            message = "`frame` is a table of pandas, which is not installed"
            raise SpecError(Diagnostic("R430", message, help='`pip install "ssldsl[notebook]"`')) from None
        return pandas.concat([pandas.DataFrame(_table(part)) for part in self.parts], ignore_index=True)

    def save(self, path: str | Path) -> Path:
        """Write them to a file, `.csv` or `.parquet`."""
        return save(self.parts, Path(path))

    def __len__(self) -> int:
        return sum(len(part.index) for part in self.parts)

    def __repr__(self) -> str:
        return f"<Predictions of {len(self)} samples>"


def _table(part: Predicted) -> dict[str, list[Any]]:
    return {**part.columns(), **{name: list(values.numpy()) for name, values in part.numbers().items()}}


def _joined(parts: Sequence[Tensor | None]) -> Tensor | None:
    kept = [part for part in parts if part is not None]
    return torch.cat(kept) if kept else None
