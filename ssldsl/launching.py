"""Runs as the command line asks for them: several seeds, sweeps, resumes, smoke tests; and what a spec compiles to."""

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from attrs import evolve, frozen

from ssldsl import pipeline, processes
from ssldsl.check import Checked
from ssldsl.check.checking import sweep_edits
from ssldsl.check.edits.edits import Edit, describe
from ssldsl.check.resolving import resolve
from ssldsl.errors import Diagnostic, SpecError, render
from ssldsl.graph.plan import Plan
from ssldsl.runtime.folder.used_files import FOLDER as USED
from ssldsl.runtime.folder.used_files import differences, used_files
from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse, parse_edit
from ssldsl.syntax.printer import print_expr

SPEC = "spec.ssl"  # in a run folder: the text as it was given
REQUEST = "request.json"  # in a run folder: what was asked for, so that a resume asks for the same


@frozen
class Request:
    """One run: a spec, its edits as written, a seed, and how it is compiled."""

    spec: str
    text: str
    variants: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    seed: int | None = None
    smoke: bool = False
    precision: str | None = None
    compiled: bool | None = None
    level: int = 1

    def checked(self) -> Checked:
        changes: list[Edit] = [*(parse_edit(t, "set") for t in self.sets), *(parse_edit(t, "drop") for t in self.drops)]
        return pipeline.compose(Source(self.spec, self.text), self.variants, changes, self.seed)

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in Request.__annotations__} | {"started_in": str(Path.cwd())}

    @staticmethod
    def read(folder: Path) -> "Request":
        """What the run in a folder was asked for."""
        try:
            values = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            message = f"{folder} is not the folder of a run: it has no {REQUEST}"
            raise SpecError(
                Diagnostic("R303", message, help="run folders lie in `runs` unless `--out` said otherwise")
            ) from None
        for name in ("variants", "sets", "drops"):
            values[name] = tuple(values[name])
        started_in = Path(values.pop("started_in", ""))
        if started_in != Path.cwd():  # what the spec uses lies where it lay
            values["spec"] = str(started_in / values["spec"])
        return Request(**values)

    @property
    def stem(self) -> str:
        """What the run folder is called, without its number."""
        edits = [*self.variants, *(t.replace(" ", "") for t in self.sets), *(f"no-{t}" for t in self.drops)]
        name = Path(self.spec).stem if self.spec != "<stdin>" else "stdin"
        parts = [name, *edits, *(["smoke"] if self.smoke else [])]
        return "-".join("".join(c if c.isalnum() or c in "._=-" else "_" for c in part) for part in parts)[:80]


# --- running ----------------------------------------------------------------------------------------------------


def run_spec(
    spec: str,
    *,
    variants: tuple[str, ...],
    sets: tuple[str, ...],
    drops: tuple[str, ...],
    seeds: str | None,
    sweep: bool,
    smoke: bool,
    out: str | None,
    precision: str | None,
    compiled: bool | None,
    level: int,
    **how: Any,
) -> int:
    """All runs that one command asks for, one after another. Every one of them is checked before the first begins."""
    source = pipeline.read(spec)
    base = Request(source.name, source.text, variants, sets, drops, None, smoke, precision, compiled, level)
    requests = [
        Request(base.spec, base.text, chosen, (*sets, *point), drops, seed, smoke, precision, compiled, level)
        for chosen in _variants(variants)
        for point in _points(source, sweep)
        for seed in _seeds(seeds)
    ]
    checked = []
    for request in requests:
        result = request.checked()
        result.unwrap()
        checked.append(result)
    for diagnostic in checked[0].diagnostics:
        _say(render(diagnostic) + "\n")
    code = 0
    for number, (request, result) in enumerate(zip(requests, checked, strict=True), start=1):
        if len(requests) > 1:
            _say(f"run {number} of {len(requests)}: {_label(request)}")
        code = _run_one(request, result, Path(out or "runs"), **how)
        if code:
            break
    return code


def _variants(texts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """`a,b,none`: a run with each of two variants, and one with none; several texts go together."""
    choices = itertools.product(*(text.split(",") for text in texts))
    return [tuple(name for name in choice if name != "none") for choice in choices]


def _seeds(text: str | None) -> list[int | None]:
    """`3`, `0..4`, `1,5,7`: the seeds of several runs."""
    if text is None:
        return [None]
    try:
        first, dots, last = text.partition("..")
        seeds = list(range(int(first), int(last) + 1)) if dots else [int(part) for part in text.split(",")]
    except ValueError:
        seeds = []
    if not seeds or min(seeds) < 0:
        message = f"`--seed {text}` is not a seed: write a number, a range such as 0..4, or a list such as 1,5,7"
        raise SpecError(Diagnostic("R304", message))
    return list(seeds)


def _points(source: Source, wanted: bool) -> Iterator[tuple[str, ...]]:
    """Every combination of the sweeps of a spec, as edits; without `--sweep` the spec as it stands."""
    sweeps = [s for s in parse(source).file.statements if isinstance(s, tree.Sweep)]
    if not wanted or not sweeps:
        if wanted:
            _say("this spec has no sweep")
        elif sweeps:
            total = len(list(itertools.product(*(s.values.items for s in sweeps))))
            _say(f"this spec has a sweep of {total} points; `--sweep` runs them all")
        yield ()
        return
    for combination in itertools.product(*(sweep_edits(s) for s in sweeps)):
        yield tuple(describe(edit, print_expr).removeprefix("set ") for edit in combination)


def _label(request: Request) -> str:
    seed = f"seed {request.seed}" if request.seed is not None else ""
    return (
        ", ".join(
            part for part in (*request.variants, *request.sets, *(f"without {d}" for d in request.drops), seed) if part
        )
        or request.spec
    )


def _say(text: str) -> None:
    if processes.is_speaker():
        click.echo(text, err=True)


def _run_one(request: Request, checked: Checked, parent: Path, **how: Any) -> int:
    from accelerate.utils import broadcast_object_list

    from ssldsl.runtime.data.datasets import Datasets
    from ssldsl.runtime.device.accelerator import join_processes
    from ssldsl.runtime.folder.records import claim_folder

    datasets: Datasets | None = None if request.smoke else Datasets(checked.library, Path(request.spec).parent)
    plan = make_plan(request, checked, datasets)
    state = join_processes()
    seed = checked.unwrap().seed
    folder = [claim_folder(parent, f"{request.stem}-s{seed}") if state.is_main_process else None]
    broadcast_object_list(folder)
    return _carry_out(request, checked, plan, Path(str(folder[0])), datasets, resume=False, **how)


def make_plan(request: Request, checked: Checked, datasets: Any) -> Plan:
    """The plan of a request; the data are opened for what only they know, unless there are none (`--smoke`)."""
    from ssldsl.runtime.data.measure import assumed, measure
    from ssldsl.runtime.run import overridden
    from ssldsl.runtime.smoke.plan import smoke_plan
    from ssldsl.runtime.smoke.shrink import with_small_batches

    program = with_small_batches(checked.unwrap()) if request.smoke else checked.unwrap()
    measured = assumed(program) if datasets is None else measure(program, datasets)
    plan = pipeline.compile(program, sizes=measured.sizes, resident=measured.resident, level=request.level)
    plan = overridden(plan, precision=request.precision, compile=request.compiled)
    return smoke_plan(plan, checked.library) if request.smoke else plan


def _carry_out(
    request: Request,
    checked: Checked,
    plan: Plan,
    folder: Path,
    datasets: Any,
    *,
    resume: bool,
    difference: Callable[[str], list[str]] | None = None,
    workers: int | None,
    progress: bool,
    report: bool,
    trackers: tuple[str, ...] = (),
    checkpoint_every: int | None = None,
) -> int:
    from ssldsl.graph.canonical import identity
    from ssldsl.runtime.device.accelerator import join_processes
    from ssldsl.runtime.run import Options, run

    texts = {
        SPEC: request.text,
        **used_files(Source(request.spec, request.text)),
        "resolved.ssl": resolve(checked),
        REQUEST: json.dumps(request.as_json(), indent=1),
    }
    options = Options(
        texts=texts,
        identity=identity(checked.unwrap()),
        difference=difference,
        folder=Path(request.spec).parent,
        is_progress_shown=progress,
        trackers=trackers,
        workers=workers or 0,
        checkpoint_every=checkpoint_every,
    )
    try:
        result = run(plan, folder, checked.library, options, resume=resume, datasets=datasets)
    except SpecError:
        if report and join_processes().is_main_process and (folder / "summary.json").exists():
            with suppress(SpecError):  # why the run failed is said, and not why its page cannot be written
                _report(folder)
        raise
    if join_processes().is_main_process:
        _conclude(result, folder, report)
    return result.exit_code


def _conclude(result: Any, folder: Path, report: bool) -> None:
    """Say how a run ended and where its folder is; the folder alone goes to stdout."""
    if result.status == "interrupted":
        _say(f"stopped; continue with `ssldsl resume {folder}`")
    for stage, metrics in result.metrics.items():
        shown = "  ".join(f"{name} {value:.4f}" for name, value in metrics.items() if isinstance(value, float))
        if shown:
            _say(f"{stage}: {shown}")
    if report:
        _report(folder)
    click.echo(folder)


def _report(folder: Path) -> None:
    from ssldsl.report.run.page import write_report
    from ssldsl.runtime.failures import explaining_disk

    with explaining_disk(folder):
        _say(f"report: {write_report(folder)}")


def resume_run(folder: Path, **how: Any) -> int:
    """Go on with an interrupted run, with the spec and the edits that its folder holds."""
    from ssldsl.runtime.data.datasets import Datasets
    from ssldsl.runtime.folder.records import read_plan

    begun = Request.read(folder)
    read_plan(folder)  # of an older ssldsl, whose ops may have other names: this is said before those
    request = evolve(begun, text=pipeline.read(str(folder / SPEC)).text)  # so that nobody edits it in vain
    checked = request.checked()
    checked.unwrap()
    if _is_finished(folder):
        _say(f"the run in {folder} is finished: there is nothing left to do")
    datasets = None if request.smoke else Datasets(checked.library, Path(request.spec).parent)
    plan = make_plan(request, checked, datasets)
    original = evolve(begun, spec=str(folder / USED / Path(begun.spec).name))

    def difference(identity: str) -> list[str]:
        return differences(original.checked(), checked, identity)

    return _carry_out(request, checked, plan, folder, datasets, resume=True, difference=difference, **how)


def _is_finished(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / "summary.json").read_text(encoding="utf-8"))["status"] == "finished")
    except (OSError, ValueError, KeyError):  # a run that was killed has none
        return False


# --- what a spec compiles to ------------------------------------------------------------------------------------


def emit(
    checked: Checked, *, emit: str, level: int, dumps: tuple[str, ...], time_passes: bool, stage: str | None
) -> str:
    """The step as Python, the plan as JSON, or the graph as text. Reads no data: unknown sizes are assumed."""
    from ssldsl.passes.planning import make_plan as plan_of
    from ssldsl.runtime.data.measure import assumed

    program = checked.unwrap()
    names = [s.name for s in program.stages]
    if stage is not None and stage not in names:
        raise SpecError(Diagnostic("N210", f"there is no stage `{stage}`", help=f"stages are: {', '.join(names)}"))
    measured = assumed(program)
    timings: dict[str, float] = {}
    graphs: list[tuple[str, str]] = []

    def keep(name: str, graph: Any) -> None:
        from ssldsl.graph.dump import dump

        graphs.append((name, dump(graph)))

    needs_graphs = bool(dumps) or emit == "ir"
    plan = plan_of(
        program,
        sizes=measured.sizes,
        resident=measured.resident,
        level=level,
        dump=keep if needs_graphs else None,
        timings=timings if time_passes else None,
    )
    _show_passes(graphs, dumps, timings, time_passes)
    chosen = [s for s in plan.stages if stage in (None, s.name)]
    if emit == "plan":
        return plan.model_dump_json(indent=1) + "\n"
    if emit == "ir":
        return "\n".join(text for text in _last_of_stages(graphs, len(names)))
    from ssldsl.runtime.step.lower import lower

    return "\n\n".join(lower(plan, s, checked.library).source for s in chosen)


def _last_of_stages(graphs: list[tuple[str, str]], stages: int) -> list[str]:
    """The graph of every stage after its last pass."""
    each = len(graphs) // stages
    return [graphs[(i + 1) * each - 1][1] for i in range(stages)]


def _show_passes(graphs: list[tuple[str, str]], dumps: tuple[str, ...], timings: dict[str, float], timed: bool) -> None:
    known = list(dict.fromkeys(name for name, _ in graphs))
    for wanted in dumps:
        if wanted != "all" and wanted not in known:
            raise SpecError(Diagnostic("R304", f"there is no pass `{wanted}`", help=f"passes are: {', '.join(known)}"))
    for name, text in graphs:
        if name in dumps or "all" in dumps:
            sys.stderr.write(f"# after {name}\n{text}\n")
    if timed:
        for name, seconds in timings.items():
            sys.stderr.write(f"{1000 * seconds:9.2f} ms  {name}\n")
