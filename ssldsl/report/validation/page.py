"""What `validation` found, as a page: a picture of every size, the table, and the runs."""

from collections.abc import Iterator

from attrs import frozen
from markupsafe import Markup

from ssldsl.report.rendering import Figure, embedded, page
from ssldsl.report.svg.scatter import Dot, Scatter, scatter
from ssldsl.report.svg.series import whole
from ssldsl.report.validation.analysis import Mean, SubsetSize, Validation
from ssldsl.report.validation.tables import HEADS, ValidatedRuns, cells, chosen_shares, headline, with_sd


@frozen
class RunRow:
    """A run: its accuracy on all samples; for every size mean and s.d. over draws, and how often it is the best."""

    folder: str
    accuracy: str
    sizes: tuple[tuple[str, str], ...]
    is_best: bool


def validation_page(found: Validation, names: ValidatedRuns) -> str:
    """The page."""
    small = found.sizes[:-1]
    return page(
        "validation.html.j2",
        headline=headline(found, names),
        metric=names.metric,
        figures=[Figure(f"{whole(size.samples)} samples", _note(size), _picture(size, found, names)) for size in small],
        heads=HEADS,
        rows=[cells(size, found) for size in found.sizes],
        sizes=[whole(size.samples) for size in small],
        runs=list(_runs(found, names, small)),
        samples=whole(found.samples),
        readouts=embedded([]),
    )


def _note(size: SubsetSize) -> str:
    return f"Pearson {with_sd(size.pearson, 1, 2)}, regret {with_sd(size.regret, 100, 2)} points"


def _picture(size: SubsetSize, found: Validation, names: ValidatedRuns) -> Markup:
    """Every draw as a faint dot, every run's mean over draws as a full one; the best run in its own color."""
    kinds = ["c1" if accuracy == found.accuracies.max() else "c0" for accuracy in found.accuracies]
    columns = list(zip(names.runs, found.accuracies, size.subsets.T, kinds, strict=True))
    draws = [
        Dot(100 * whole_, 100 * part, f"{run}: {100 * part:.2f} %", f"{kind} faint")
        for run, whole_, parts, kind in columns
        for part in parts.tolist()
    ]
    means = [
        Dot(100 * whole_, 100 * parts.mean(), f"{run}: {100 * whole_:.2f} %, here {100 * parts.mean():.2f} %", kind)
        for run, whole_, parts, kind in columns
    ]
    across = f"{names.metric} on all {whole(found.samples)} samples, %"
    upwards = f"{names.metric} on {whole(size.samples)} of them, %"
    return scatter(Scatter(f"{size.samples} samples", across, upwards, (*draws, *means)))


def _runs(found: Validation, names: ValidatedRuns, small: tuple[SubsetSize, ...]) -> Iterator[RunRow]:
    """The best on all samples first."""
    shares = [chosen_shares(size) for size in small]
    accuracies = found.accuracies.tolist()
    for i in sorted(range(len(accuracies)), key=lambda i: -accuracies[i]):
        run, accuracy = names.runs[i], accuracies[i]
        columns = [Mean.of(size.subsets[:, i].tolist()) for size in small]
        yield RunRow(
            folder=run,
            accuracy=f"{100 * accuracy:.2f}",
            sizes=tuple(
                (with_sd(mean, 100, 2), f"{100 * share[i]:.0f} %") for mean, share in zip(columns, shares, strict=True)
            ),
            is_best=accuracy == found.accuracies.max(),
        )
