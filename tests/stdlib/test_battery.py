"""What holds for every op of the library, whatever it computes."""

import re

import pytest
import torch
from op_inputs import arguments_for, learning_tensors, op_of
from torch import Tensor

from ssldsl import resources
from ssldsl.ops.contract import ARGUMENTS, check_call
from ssldsl.ops.library import Library
from ssldsl.ops.signature import Signature
from ssldsl.runtime.nets.outputs import first_output

LIBRARY = Library.shipped()
OPS = [signature for name in sorted(LIBRARY.names()) if (signature := LIBRARY.get(name)) is not None]
COMPUTING = [s for s in OPS if s.role in ("nets", "heads", "losses", "targets")]
FORMULAS = [s for s in OPS if s.role in ("losses", "targets", "schedules", "optimizers", "metrics")]


def named(signatures: list[Signature]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("signature", signatures, ids=[s.name for s in signatures])


@named(OPS)
def test_the_first_line_is_one_sentence(signature: Signature) -> None:
    assert re.fullmatch(r"[A-Z0-9`].*[^.]\.", signature.summary), signature.summary


@named(OPS)
def test_the_documentation_says_where_the_op_comes_from(signature: Signature) -> None:
    assert signature.role in ("data", "views") or "Source:" in signature.doc


@named(FORMULAS)
def test_the_documentation_has_the_formula(signature: Signature) -> None:
    assert signature.doc.count("$$") >= 2


@named([s for s in OPS if s.traits.paper])
def test_the_paper_is_known(signature: Signature) -> None:
    keys = re.findall(r"^@\w+\{([^,\s]+),", (resources.stdlib() / "papers.bib").read_text(), flags=re.M)
    assert signature.traits.paper in keys


@named(COMPUTING)
@pytest.mark.parametrize("half", [False, True], ids=["float32", "autocast"])
def test_results_and_gradients_are_finite_and_as_declared(signature: Signature, half: bool) -> None:
    torch.manual_seed(0)
    op, arguments = op_of(signature), arguments_for(signature)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        result: Tensor | tuple[Tensor, ...] = op(**arguments)
    built_with = {k: v for k, v in getattr(op, ARGUMENTS, {}).items() if k != "self"}
    check_call(signature, {**built_with, **arguments}, result)
    results = result if isinstance(result, tuple) else (result,)
    assert all(r.isfinite().all() for r in results)
    learned = [r.float().square().sum() for r in results if r.requires_grad]
    if learned:
        tensors = learning_tensors(op, arguments)
        found = torch.autograd.grad(torch.stack(learned).sum(), tensors, allow_unused=True)
        assert any(g is not None for g in found) and all(g.isfinite().all() for g in found if g is not None)


@named([s for s in OPS if s.role == "losses"])
def test_a_loss_lets_a_gradient_through(signature: Signature) -> None:
    assert op_of(signature)(**arguments_for(signature)).requires_grad


@named([s for s in OPS if s.role in ("nets", "heads")])
def test_weights_follow_from_the_seed(signature: Signature) -> None:
    states = []
    for _ in range(2):
        torch.manual_seed(3)
        op = op_of(signature)
        assert isinstance(op, torch.nn.Module)
        states.append(op.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(states[0].values(), states[1].values(), strict=True))


@named([s for s in OPS if s.role in ("nets", "heads") and not s.name.endswith("_model")])
def test_rows_depend_on_one_another_only_where_the_op_says_so(signature: Signature) -> None:
    torch.manual_seed(0)
    op, arguments = op_of(signature), arguments_for(signature)
    values = [value.detach() for value in arguments.values()]
    together, apart = (first_output(op(*rows)) for rows in (values, [value[:2] for value in values]))
    alone = torch.allclose(together[:2], apart, atol=1e-5)
    assert alone != (signature.traits.batch_coupled is True)


@named([s for s in OPS if s.role in ("nets", "heads") and not s.name.endswith("_model")])
def test_a_network_draws_random_numbers_only_where_the_op_says_so(signature: Signature) -> None:
    op, arguments = op_of(signature), arguments_for(signature)
    values, found = [value.detach() for value in arguments.values()], []
    for seed in (0, 1):
        torch.manual_seed(seed)
        found.append(first_output(op(*values)))
    assert torch.equal(*found) != signature.is_random(arguments)


@named([s for s in OPS if s.role == "schedules"])
def test_a_schedule_is_a_finite_factor_that_no_history_changes(signature: Signature) -> None:
    op, settings = op_of(signature), {k: v for k, v in arguments_for(signature).items() if k not in ("step", "steps")}
    forwards = [op(step, 20, **settings) for step in range(25)]
    backwards = [op(step, 20, **settings) for step in reversed(range(25))]
    assert forwards == backwards[::-1] and all(isinstance(f, float) and 0 <= f <= 1 for f in forwards)


@named([s for s in OPS if s.role == "metrics" and s.outputs[0].kind != "Points"])  # a picture is no number
def test_a_metric_is_the_same_for_samples_in_any_order(signature: Signature) -> None:
    op, arguments = op_of(signature), arguments_for(signature)
    edges = {e.name: e for e in signature.edges}
    arguments = {k: v.detach() if isinstance(v, Tensor) else v for k, v in arguments.items()}
    turned = {k: v.flip(0) if k in edges and edges[k].dims[0] == "samples" else v for k, v in arguments.items()}
    first, second = op(**arguments), op(**turned)
    assert torch.equal(torch.as_tensor(first), torch.as_tensor(second))


@named([s for s in OPS if s.role == "optimizers"])
@pytest.mark.parametrize("lr", [0.0, 0.1])
def test_an_optimizer_moves_parameters_only_as_far_as_its_rate_lets_it(signature: Signature, lr: float) -> None:
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = op_of(signature)([{"names": ["weight"], "params": [parameter]}], lr=lr)
    parameter.grad = torch.ones(3)
    optimizer.step()
    assert (parameter < 1).all() == (lr > 0)


@named([s for s in OPS if s.role == "memory"])
def test_a_memory_has_no_parameters_and_changes_by_commit_alone(signature: Signature) -> None:
    op, arguments = op_of(signature), arguments_for(signature)
    assert isinstance(op, torch.nn.Module) and not list(op.parameters())
    given = {e.name: arguments[e.name] for e in signature.edges}
    states = [{name: t.clone() for name, t in op.state_dict().items()}]
    read = {} if signature.reads_state else given
    for step in (lambda: op(**read), lambda: op.commit(**given)):
        step()
        states.append({name: t.clone() for name, t in op.state_dict().items()})
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert any(not torch.equal(states[1][name], states[2][name]) for name in states[0])


def test_no_op_and_no_definition_share_a_name() -> None:
    texts = [path.read_text() for path in sorted((resources.stdlib() / "methods").glob("*.ssl"))]
    definitions = [name for text in texts for name in re.findall(r"^def\s+(\w+)", text, flags=re.M)]
    files = [p.stem for p in resources.stdlib().glob("*/*.py") if p.stem != "__init__"]
    names = definitions + files
    assert sorted(names) == sorted(set(names))
