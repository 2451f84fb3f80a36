"""A metric of a finished run taken apart: whether the run is right about every single sample of a data set."""

import warnings
from pathlib import Path

import torch
from attrs import frozen
from torch import Tensor

from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.graph.plan import EvaluationPlan, NodePlan, StagePlan
from ssldsl.graph.results import KEPT
from ssldsl.ir.primitives import PRIMITIVES
from ssldsl.ir.walk import walk
from ssldsl.ops.library import Library
from ssldsl.ops.signature import Signature
from ssldsl.runtime.data.datasets import data_below, derives
from ssldsl.runtime.data.derived import Derived
from ssldsl.runtime.evaluate.evaluator import Evaluator
from ssldsl.runtime.evaluate.final_evaluator import final_evaluator, stage_of
from ssldsl.runtime.evaluate.lower import nodes_of, tensors_read
from ssldsl.runtime.failures import StepContext, explaining_data, explaining_evaluation
from ssldsl.runtime.folder.run_folder import read_plan, read_summary
from ssldsl.runtime.nets.memories import is_memory
from ssldsl.runtime.ops.load import signature_of
from ssldsl.runtime.smoke.data import data_of


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
    alone = whole.model_copy(update={"evaluations": (evaluation,), "compile": False})
    _check_data(alone, library, folder)
    derived = Derived(alone, data_of(plan, library, spec_folder), library, folder)
    with explaining_data(alone), explaining_evaluation(StepContext(folder, alone, alone.steps)):
        data = {id_: derived.samples(id_) for id_ in _data_of(alone)}
        evaluator = final_evaluator(plan, alone, folder, library, data, spec_folder, workers=workers)
        right, labels = _one_by_one(evaluator, evaluation, library, folder)
        digest = " ".join(evaluator.data[id_].digest() for id_ in sorted(evaluator.data))
    recorded = _recorded(folder, alone.name, evaluation.name)
    return PerSample(folder, alone.name, evaluation.name, right, labels, digest, recorded)


# --- the metric -----------------------------------------------------------------------------------------------------


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
    return any(is_memory(node, library) for node in nodes_of(stage, tensors_read(stage, evaluation, library), library))


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


def _check_data(stage: StagePlan, library: Library, folder: Path) -> None:
    """Refuse data that the run made for itself: other runs have other labels."""
    nodes = {node.id: node for node in stage.nodes}
    below = (node for id_ in _data_of(stage) for node in data_below(nodes, id_, library))
    made = next((node for node in below if derives(library, node)), None)
    if made is not None:
        message = (
            f"`{stage.evaluations[0].name}` of the run in {folder} is measured by labels that `{made.op}` made there"
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
