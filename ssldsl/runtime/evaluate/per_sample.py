"""A metric of a finished run taken apart: whether the run is right about every single sample of a data set."""

import copy
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from attrs import frozen
from torch import Tensor

from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.graph.plan import EvaluationPlan, NodePlan, Plan, StagePlan
from ssldsl.graph.results import KEPT
from ssldsl.graph.stages import in_order
from ssldsl.ir.primitives import PRIMITIVES
from ssldsl.ir.walk import walk
from ssldsl.ops.signature import Signature
from ssldsl.runtime.data.datasets import data_below, derives, sample_shapes
from ssldsl.runtime.data.derived import Data, Derived
from ssldsl.runtime.device.accelerator import make_accelerator
from ssldsl.runtime.device.precision import dtype_of
from ssldsl.runtime.evaluate.evaluator import Evaluator
from ssldsl.runtime.evaluate.lower import nodes_of, tensors_read
from ssldsl.runtime.failures import StepContext, explaining_data, explaining_evaluation
from ssldsl.runtime.folder.run_folder import read_plan, read_summary
from ssldsl.runtime.folder.stage_end import final_ranking, final_weights
from ssldsl.runtime.nets.keys import NOW, measures_average
from ssldsl.runtime.nets.memories import is_memory
from ssldsl.runtime.nets.modules import build_modules
from ssldsl.runtime.nets.shapes import Shape
from ssldsl.runtime.ops.load import Library, signature_of
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.smoke.data import data_of

ROWS = 256  # samples of a batch


@frozen
class PerSample:
    """What a run is right about.

    correct, labels: of every sample. digest: of the samples. recorded: the metric as the run recorded it at its end.
    """

    folder: Path
    stage: str
    metric: str
    correct: Tensor
    labels: Tensor
    digest: str
    recorded: float | None


def correctness(
    folder: Path,
    library: Library,
    *,
    metric: str = "",
    stage: str = "",
    workers: int = 0,
    spec_folder: Path = Path(),
) -> PerSample:
    """Evaluate the final weights of a run, averaged where its stage keeps an average, sample by sample.

    metric: name of an `eval` of the stage that is the share of samples that are right; by default the first such.
    stage: by default the last. spec_folder: where names of files in the spec start.
    Raises R304 for an unknown stage, R307 for an unknown metric, R428 for another kind.
    """
    plan = read_plan(folder)
    whole = stage_of(plan, folder, stage)
    evaluation = _evaluation(whole, library, folder, metric)
    is_raw = measures_average(whole)  # then what is not said to be averaged is not
    alone = whole.model_copy(update={"evaluations": (evaluation,), "compile": False})
    _check_data(alone, library, folder)
    with explaining_data(alone), explaining_evaluation(StepContext(folder, alone, alone.steps)):
        evaluator = _evaluator(plan, alone, folder, library, workers, spec_folder, is_raw=is_raw)
        right, labels = _one_by_one(evaluator, evaluation, library, folder)
        digest = " ".join(evaluator.data[id_].digest() for id_ in sorted(evaluator.data))
    recorded = _recorded(folder, alone.name, evaluation.name)
    return PerSample(folder, alone.name, evaluation.name, right, labels, digest, recorded)


# --- the metric -----------------------------------------------------------------------------------------------------


def stage_of(plan: Plan, folder: Path, name: str) -> StagePlan:
    """The stage of a name, by default the last. Raises R304 for one that the run in a folder does not have."""
    stages = {stage.name: stage for stage in in_order(plan)}
    if name and name not in stages:
        help_ = did_you_mean(name, list(stages)) or f"its stages are: {', '.join(stages)}"
        raise SpecError(Diagnostic("R304", f"the run in {folder} has no stage `{name}`", help=help_))
    return stages[name or list(stages)[-1]]


def _evaluation(stage: StagePlan, library: Library, folder: Path, name: str) -> EvaluationPlan:
    """The evaluation of a name; without one the first that may be a share of samples."""
    ops = {node.id: node.op for node in stage.nodes}
    metrics = [e for e in stage.evaluations if ops[e.node] not in PRIMITIVES]  # others are losses
    fit = {
        e.name: e
        for e in metrics
        if _is_per_sample(signature_of(library, ops[e.node])) and not _reads_memory(stage, e, library)
    }
    known = [e.name for e in stage.evaluations]
    if name and name not in known:
        help_ = did_you_mean(name, known) or f"it has: {', '.join(known) or 'none'}"
        message = f"stage `{stage.name}` of the run in {folder} has no metric `{name}`"
        raise SpecError(Diagnostic("R307", message, help=help_))
    chosen = name or next(iter(fit), "")
    if chosen not in fit:
        what = f"`{name}` of the run in {folder} is not" if name else f"no metric of the run in {folder} is"
        raise _no_share(what)
    return fit[chosen]


def _reads_memory(stage: StagePlan, evaluation: EvaluationPlan, library: Library) -> bool:
    """Whether a metric reads what a run holds beside its weights."""
    return any(is_memory(node, library) for node in nodes_of(stage, tensors_read(stage, evaluation), library))


def _is_per_sample(signature: Signature) -> bool:
    """Whether a metric makes one number of edges that all have a row for every sample, true labels among them."""
    rows = {edge.dims[:1] for edge in signature.edges}
    kinds = [output.kind for output in signature.outputs]
    alone = kinds == ["Scalar"] and len(rows) == 1 and not signature.is_module  # a state is of whole data sets
    return alone and any(edge.kind == "Labels" for edge in signature.edges)


def _one_by_one(
    evaluator: Evaluator, evaluation: EvaluationPlan, library: Library, folder: Path
) -> tuple[Tensor, Tensor]:
    """Whether every sample is right, and its label: a share of samples is the mean of what it is of single ones."""
    node, step = _node(evaluator.stage, evaluation), evaluator.stage.steps - 1
    values = evaluator.read([evaluation], step)
    labels = values[_labels(node, signature_of(library, node.op))]
    rows = ({id_: values[id_][i : i + 1] for id_ in node.inputs} for i in range(len(labels)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the run has told what the metric warns of
        single = torch.tensor([_number(evaluator.metric(evaluation, row, step)) for row in rows], dtype=torch.float64)
        together = _number(evaluator.metric(evaluation, values, step))
    if not ((single == 0) | (single == 1)).all() or abs(float(single.mean()) - together) > 1e-6:
        raise _no_share(f"`{evaluation.name}` of the run in {folder} is not")
    return single == 1, labels


def _node(stage: StagePlan, evaluation: EvaluationPlan) -> NodePlan:
    return next(node for node in stage.nodes if node.id == evaluation.node)


def _labels(node: NodePlan, signature: Signature) -> str:
    """The node that gives the true labels."""
    kinds = {edge.name: edge.kind for edge in signature.edges}
    return next(id_ for name, id_ in zip(node.params, node.inputs, strict=True) if kinds[name] == "Labels")


def _number(result: object) -> float:
    return float(result) if isinstance(result, int | float) else float("nan")


def _no_share(what: str) -> SpecError:
    message = f"{what} the share of samples that are right"
    return SpecError(Diagnostic("R428", message, help="name an `eval` such as `top1(...)` by `--metric`"))


def _recorded(folder: Path, stage: str, metric: str) -> float | None:
    found = read_summary(folder).get("stages", {}).get(stage, {})
    value = found.get(f"{metric}{KEPT}", found.get(metric))
    return float(value) if isinstance(value, int | float) else None


# --- networks and data ----------------------------------------------------------------------------------------------


def _evaluator(
    plan: Plan, stage: StagePlan, folder: Path, library: Library, workers: int, spec_folder: Path, *, is_raw: bool
) -> Evaluator:
    """What evaluates the only metric of a stage with the weights that a run ended with. `is_raw`: not their average."""
    datasets = data_of(plan, library, spec_folder)
    derived = Derived(stage, datasets, library, folder)
    data = {id_: derived.samples(id_) for id_ in _data_of(stage)}
    accelerator = make_accelerator(stage)
    modules = build_modules(plan, Shapes(plan, datasets), library, spec_folder)
    modules.to(accelerator.device, dtype_of(stage.precision))
    modules.load_state_dict(final_weights(folder, stage.name, average=not is_raw))
    earlier = {}
    if is_raw:
        earlier[NOW, True] = copy.deepcopy(modules).eval()
        earlier[NOW, True].load_state_dict(final_weights(folder, stage.name, average=True))
    scalars = Scalars(stage, library)
    evaluator = Evaluator(
        plan, stage, modules, data, library, accelerator, scalars, rows=ROWS, num_workers=workers, earlier=earlier
    )
    if evaluator.ranking.items:
        evaluator.ranking.restore(final_ranking(folder, stage.name))
    return evaluator


def _check_data(stage: StagePlan, library: Library, folder: Path) -> None:
    """Refuse data that the run made for itself: other runs have other labels."""
    nodes = {node.id: node for node in stage.nodes}
    below = (node for id_ in _data_of(stage) for node in data_below(nodes, id_, library))
    made = next((node for node in below if derives(library, node)), None)
    if made is not None:
        message = (
            f"`{stage.evaluations[0].name}` of the run in {folder} is judged by labels that `{made.op}` made there"
        )
        raise SpecError(
            Diagnostic("R428", message, help="name an `eval` on labels that come with the data by `--metric`")
        )


def _data_of(stage: StagePlan) -> list[str]:
    """The data nodes that the evaluations of a stage read."""
    nodes = {node.id: node for node in stage.nodes}
    read = walk(
        (e.node for e in stage.evaluations), lambda id_: () if nodes[id_].op == "full_dataset" else nodes[id_].inputs
    )
    return list(dict.fromkeys(nodes[id_].inputs[0] for id_ in read if nodes[id_].op == "full_dataset"))


@frozen
class Shapes(Mapping[str, Shape]):
    """The shape of a sample of every stream, by field. Data are opened for what is asked: hardly ever."""

    plan: Plan
    datasets: Data

    def __getitem__(self, name: str) -> Shape:
        stream = name.rpartition(".")[0]
        for stage in self.plan.stages:
            for found in (s for s in stage.streams if s.name == stream):
                return sample_shapes({stream: self.datasets.samples(stage, found.data)})[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (stream.name for stage in self.plan.stages for stream in stage.streams)

    def __len__(self) -> int:
        return sum(1 for _ in self)
