"""The report of a run: one page that needs no network, with all that its folder knows."""

import re
from pathlib import Path

from attrs import frozen
from markupsafe import Markup

from ssldsl.graph.plan import ModulePlan, Plan, StagePlan
from ssldsl.graph.stages import in_order
from ssldsl.report.folder import RunFolder, read_run
from ssldsl.report.rendering import Figure, Figures, embedded, page
from ssldsl.report.run.figures import (
    Schedules,
    loss_charts,
    metric_charts,
    schedules,
    speed_chart,
    term_charts,
    watch_charts,
)
from ssldsl.report.run.highlight import highlighted
from ssldsl.report.run.labels import Labeled, read_labels
from ssldsl.report.run.latent import Latent
from ssldsl.report.run.method import ProgramOps, read_method
from ssldsl.report.run.pictures import stage_pictures
from ssldsl.report.run.results import Heat, array_texts, heats, number_texts
from ssldsl.report.run.rounds import computed_charts, round_chart
from ssldsl.report.run.settings import stage_settings
from ssldsl.report.svg.series import duration, whole
from ssldsl.runtime.folder.checkpoint import complete_checkpoints, write_whole
from ssldsl.runtime.folder.run_folder import CHECKPOINTS, FILES, PICTURES, RARE, REPORT, RESOLVED, SPEC
from ssldsl.runtime.train.collapse import CollapseWatch, Pinned

STATES = {
    "finished": "finished",
    "interrupted": "interrupted",
    "failed": "failed",
    "open": "not ended: still running, or killed",
}


@frozen
class StageView:
    """What the page says about one stage."""

    plan: StagePlan
    number: int
    done: int
    metrics: tuple[tuple[str, str], ...]
    arrays: tuple[tuple[str, str], ...]
    evaluated: int
    labels: tuple[Labeled, ...]
    main: tuple[Figure, ...]
    others: tuple[Figure, ...]
    terms: tuple[Figure, ...]
    watched: tuple[Figure, ...]
    scheduled: tuple[Figure, ...]
    schedules: Schedules
    heats: tuple[Heat, ...]
    latents: tuple[Latent, ...]
    settings: tuple[tuple[str, str], ...]
    pinned: tuple[Pinned, ...]

    @property
    def is_begun(self) -> bool:
        return self.done > 0


def write_report(folder: Path) -> Path:
    """Write `report.html` into a run folder, whatever of the run there is. Gives its path."""
    run = read_run(folder)
    path = folder / REPORT
    write_whole(path, render(run).encode())
    return path


def render(run: RunFolder) -> str:
    """The page of a run."""
    method = read_method(run.path)
    drawing, reason = method.drawing()
    figures = Figures()
    signatures = ProgramOps(method.program)
    order = in_order(run.plan)
    stages = [_stage(run, stage, i, figures, signatures) for i, stage in enumerate(order, start=1)]
    return page(
        "run.html.j2",
        run=run,
        state=STATES.get(run.status, run.status),
        facts=_facts(run, stages),
        stages=stages,
        drawing=drawing,
        drawing_width=_width(drawing),
        reason=reason,
        modules=[(module, module_text(module)) for module in run.plan.modules],
        data_names=_data_names(run.plan),
        specs=_specs(run.path),
        missing=[name for name in FILES if name not in RARE and not (run.path / name).is_file()],
        files=_files(run.path),
        readouts=embedded(figures.readouts),
    )


# --- parts ----------------------------------------------------------------------------------------------------------


def _facts(run: RunFolder, stages: list[StageView]) -> list[str]:
    """What stands under the name: seed, edits, length, time, machine."""
    steps = sum(stage.plan.steps for stage in stages)
    done = sum(stage.done for stage in stages)
    length = f"{whole(steps)} steps" if done >= steps else f"{whole(done)} of {whole(steps)} steps"
    if len(stages) == 1:
        only = stages[0].plan
        length += f" in {only.steps / only.steps_per_epoch:.4g} epochs" if done >= steps else ""
    else:
        length += f" in {len(stages)} stages"
    found = [f"seed {run.plan.seed}", length]
    if run.seconds:
        found.append(duration(run.seconds))
    versions = run.lock.get("versions", {})
    found += [str(run.lock["device"])] if "device" in run.lock else []
    found += [f"{name} {versions[name]}" for name in ("ssldsl", "torch") if name in versions]
    return found


def _width(drawing: Markup | None) -> str:
    """How many pixels wide a drawing is where it is not made smaller."""
    found = re.search(r' width="([\d.]+)"', drawing or "")
    return found[1] if found else "0"


def _stage(run: RunFolder, stage: StagePlan, number: int, figures: Figures, signatures: ProgramOps) -> StageView:
    found = schedules(run, stage, signatures)
    metrics = run.metrics(stage.name)
    speed = speed_chart(run, stage)
    shares, others = metric_charts(run, stage)
    evaluated = max((int(line["step"]) for line in run.lines_of(stage.name, "eval")), default=0)
    return StageView(
        plan=stage,
        number=number,
        done=run.steps_done(stage.name),
        metrics=tuple(number_texts(metrics)),
        arrays=tuple(array_texts(run.path, stage, metrics)),
        evaluated=evaluated,
        labels=read_labels(run, stage),
        main=tuple(figures.add(chart) for chart in (*loss_charts(run, stage), *shares, *round_chart(run, stage))),
        others=tuple(figures.add(chart) for chart in (*others, *computed_charts(run, stage))),
        terms=tuple(figures.add(chart) for chart in term_charts(run, stage)),
        watched=tuple(figures.add(chart) for chart in watch_charts(run, stage)),
        scheduled=tuple(figures.add(chart) for chart in (*found.charts, *([speed] if speed else []))),
        schedules=found,
        heats=tuple(heats(run.path, stage, metrics)),
        latents=tuple(stage_pictures(run.path, stage)),
        settings=tuple(stage_settings(stage)),
        pinned=_pinned(run, stage),
    )


def _pinned(run: RunFolder, stage: StagePlan) -> tuple[Pinned, ...]:
    """The terms that were at ln K when the last line was written."""
    watch = CollapseWatch.of(stage)
    for line in run.lines_of(stage.name, "loss"):
        watch.see(int(line["step"]), {k: v for k, v in line["loss"].items() if isinstance(v, int | float)})
    return tuple(watch.pinned())


def module_text(module: ModulePlan) -> str:
    """How a network was made: `convnet(channels=1, width=32)`."""
    arguments = {**module.sizes, **module.settings}
    text = f"{module.op}({', '.join(f'{k}={v}' for k, v in arguments.items())})"
    return f"{text}, the moving average of {module.average_of}" if module.average_of else text


def _data_names(plan: Plan) -> dict[tuple[str, str], str]:
    """What the lock calls by the id of a node, by the name of the streams that read it; else by what made it."""
    names: dict[tuple[str, str], str] = {}
    for stage in plan.stages:
        for node in stage.nodes:
            names[stage.name, node.id] = f"{node.settings.get('name', '')} ({node.op})".strip()
        for stream in stage.streams:
            names[stage.name, stream.data] = stream.name
    return names


def _specs(folder: Path) -> list[tuple[str, str, Markup]]:
    """Name, meaning and colored text of the specs in the folder."""
    return [
        (name, FILES[name], highlighted((folder / name).read_text(encoding="utf-8", errors="replace").strip()))
        for name in (SPEC, RESOLVED)
        if (folder / name).is_file()
    ]


def _files(folder: Path) -> list[tuple[str, str, str]]:
    """Path, size and meaning of every file worth opening."""
    found = [(name, (folder / name).stat().st_size, text) for name, text in FILES.items() if (folder / name).is_file()]
    for path in sorted((folder / PICTURES).glob("*.csv")):
        found.append((f"{PICTURES}/{path.name}", path.stat().st_size, "the points of a picture"))
    for checkpoint in complete_checkpoints(folder / CHECKPOINTS):
        end = ", its end" if checkpoint.is_end else ""
        size = sum(file.stat().st_size for file in checkpoint.folder.iterdir())
        name = f"{CHECKPOINTS}/{checkpoint.folder.name}/"
        found.append((name, size, f"weights and state after step {checkpoint.step} of `{checkpoint.stage}`{end}"))
    return [(name, size_text(size), text) for name, size, text in found]


def size_text(size: int) -> str:
    """`812 B`, `4.1 kB`, `120 MB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} B"
