"""A plan run: in a new run folder, or in the one where it was interrupted."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ssldsl.errors import SpecError
from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.graph.stages import in_order
from ssldsl.ops.data import Samples, class_names_of
from ssldsl.ops.library import Library
from ssldsl.runtime.console.interrupts import listening
from ssldsl.runtime.console.progress import make_reporter
from ssldsl.runtime.data.derived import SampleSource
from ssldsl.runtime.device.accelerator import join_processes
from ssldsl.runtime.failures import explaining_data, explaining_data_at
from ssldsl.runtime.folder.class_names import classes_text
from ssldsl.runtime.folder.trackers import Trackers, check_trackers
from ssldsl.runtime.folder.weight_sources import origin_digests
from ssldsl.runtime.journal import Journal
from ssldsl.runtime.ledger import Ledger
from ssldsl.runtime.lock import make_lock
from ssldsl.runtime.options import Options as Options
from ssldsl.runtime.options import overridden as overridden
from ssldsl.runtime.packages import check_packages
from ssldsl.runtime.process_errors import attribute_to_process, explaining_processes
from ssldsl.runtime.session import Result as Result
from ssldsl.runtime.session import Session
from ssldsl.runtime.smoke.data import data_of
from ssldsl.runtime.stage_setup import data_ids

OpenData = dict[str, dict[str, Samples]]  # stage -> data node -> its samples


def run(
    plan: Plan,
    folder: Path,
    library: Library,
    options: Options | None = None,
    *,
    resume: bool = False,
    datasets: SampleSource | None = None,
) -> Result:
    """Run a plan in a new folder, or continue the one that was begun in it. `datasets`: data that are open already.

    A run that is refused before anything was computed leaves no folder.
    """
    options, since = options or Options(), time.time()
    processes = join_processes()
    datasets = datasets or data_of(plan, library, options.folder)
    with _leaving_nothing(folder):
        check_packages(plan, library)
        check_trackers(options.trackers)
        data = {stage.name: _open(datasets, stage) for stage in in_order(plan)}
        ledger = _ledger(plan, folder, options, data, resume)
    processes.wait_for_everyone()
    reporter = make_reporter(is_main=processes.is_main_process, is_wanted=options.is_progress_shown)
    journal = Journal(plan, folder, ledger, reporter, Trackers.start(options.trackers, folder, plan))
    session = Session(plan, library, options, datasets, data, journal, has_begun=resume)
    with listening(reporter.say, f"ssldsl resume {folder}") as interrupt:
        try:
            with explaining_processes(folder), explaining_data_at(lambda: None):
                return session.carry_out(interrupt)
        except SpecError as error:
            session.fail(error)
            if processes.is_main_process:
                raise
            process = f"process {processes.process_index} of {processes.num_processes}"
            raise attribute_to_process(error, folder, since, process) from error
        finally:
            session.close()


@contextmanager
def _leaving_nothing(folder: Path) -> Iterator[None]:
    """The folder of a run that is refused goes again, unless it holds something."""
    try:
        yield
    except SpecError:
        with suppress(OSError):  # it holds something, or is not there
            folder.rmdir()
        raise


def _ledger(plan: Plan, folder: Path, options: Options, data: OpenData, resume: bool) -> Ledger | None:
    """What keeps the folder, in the main process."""
    lock = make_lock(plan, options.identity, _digests(plan, data), origin_digests(plan, options.folder))
    if not join_processes().is_main_process:
        return None
    if resume:
        ledger = Ledger.resume(folder, plan, lock, options.difference)
    else:
        ledger = Ledger.begin(folder, plan, {**options.texts, **classes_text(_class_names(data))}, lock)
    ledger.keeps_state = options.keeps_state
    return ledger


def _open(datasets: SampleSource, stage: StagePlan) -> dict[str, Samples]:
    """The samples of every data node that a stage reads."""
    found = {}
    for id_ in data_ids(stage):
        with explaining_data(stage, id_):
            found[id_] = datasets.samples(stage, id_)
    return found


def _class_names(data: OpenData) -> dict[str, dict[str, tuple[str, ...]]]:
    """What the classes of data are called, by stage and node, where they say it."""
    found = {stage: {id_: class_names_of(samples) for id_, samples in nodes.items()} for stage, nodes in data.items()}
    return {stage: {id_: names for id_, names in nodes.items() if names} for stage, nodes in found.items()}


def _digests(plan: Plan, data: Mapping[str, Mapping[str, Samples]]) -> dict[str, dict[str, str]]:
    """The digest of every data node, by stage. Of pictures it asks for the sizes of the files."""
    found: dict[str, dict[str, str]] = {stage: {} for stage in data}
    for stage in plan.stages:
        for id_, samples in data[stage.name].items():
            with explaining_data(stage, id_):
                found[stage.name][id_] = samples.digest()
    return found
