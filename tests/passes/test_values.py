"""The optimised graph is worth what the spec says: values, gradients and running statistics, by execution."""

import random

import pytest
import torch
from attrs import evolve
from interpreting import Nets, gradients, statistics, values
from small_graphs import context, graph_of, one_stage
from stage_programs import Draft, s4l

from ssldsl.graph.dump import dump
from ssldsl.graph.dump_reader import parse_dump
from ssldsl.graph.graph import Graph
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Program
from ssldsl.passes import forwards, run_passes
from ssldsl.passes.context import couples_batch


def optimised(made: Program, level: int) -> Graph:
    return run_passes(graph_of(made), context(made), level=level)


def results(graph: Graph) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    nets = Nets(graph)
    values(graph, nets)  # creates the lazy layers, the same for every graph of a program
    torch.manual_seed(1)
    for _, parameter in sorted(nets.named_parameters()):
        torch.nn.init.normal_(parameter, std=0.3)
    for _, buffer in nets.named_buffers():
        torch.nn.init.ones_(buffer)
    found = {name: value.detach() for name, value in values(graph, nets).items()}
    moved = statistics(nets)
    return found, gradients(graph, nets), moved


def random_program(seed: int) -> Program:
    """Terms over random chains of views, networks and stops, that share and cross as chance wills."""
    chance = random.Random(seed)
    draft = Draft(coupled=chance.random() < 0.5)
    images = [draft.shifted(stream) for stream in ("labeled", "unlabeled")]
    images += [draft.rotated(chance.choice(images))[0] for _ in range(2)]
    features = [draft.apply("encoder", chance.choice(images)) for _ in range(5)]
    vectors: list[Node] = [draft.apply(chance.choice("xy"), chance.choice(features)) for _ in range(5)]
    for _ in range(8):
        value = chance.choice(vectors)
        vectors.append(draft.stop(value) if chance.random() < 0.25 else draft.apply(chance.choice("abc"), value))
    live = [v for v in vectors if v.live]
    terms = {f"t{i}": draft.loss("entropy", logits=chance.choice(live)) for i in range(6)}
    terms["vat"] = draft.vat()
    return one_stage(draft, terms, forward=chance.choice(["concat", "separate"]))


PROGRAMS = {
    "uncoupled": s4l(),
    "coupled, concat": s4l(coupled=True),
    "coupled, separate": s4l(coupled=True, forward="separate"),
    **{f"random {seed}": random_program(seed) for seed in range(40)},
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_optimisation_changes_neither_values_nor_gradients_nor_statistics(name: str) -> None:
    plain, fast = (results(optimised(PROGRAMS[name], level)) for level in (0, 1))
    for before, after in zip(plain, fast, strict=True):
        torch.testing.assert_close(after, before, rtol=1e-9, atol=1e-12)


def has_statistics_of_its_own(made: Program) -> bool:
    """Whether `concat` gives a batch-normalised network other statistics than a literal reading of the terms."""
    return made.stages[0].forward == "concat" and any(couples_batch(node) for node in graph_of(made).nodes)


@pytest.mark.parametrize("name", [name for name, made in PROGRAMS.items() if not has_statistics_of_its_own(made)])
def test_where_no_statistics_are_joined_the_graph_is_worth_what_the_terms_say_one_by_one(name: str) -> None:
    made = PROGRAMS[name]
    for before, after in zip(results(graph_of(made)), results(optimised(made, 1)), strict=True):
        torch.testing.assert_close(after, before, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_optimisation_never_adds_a_forward(name: str) -> None:
    made = PROGRAMS[name]
    plain, fast = (forwards(optimised(made, level), made.signatures) for level in (0, 1))
    assert all(fast[path] <= plain[path] for path in plain)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_text_after_all_passes_reads_back(name: str) -> None:
    text = dump(optimised(PROGRAMS[name], 1))
    assert dump(parse_dump(text)) == text


def test_a_read_graph_is_worth_the_same() -> None:
    graph = optimised(PROGRAMS["uncoupled"], 1)
    torch.testing.assert_close(results(parse_dump(dump(graph)))[0], results(graph)[0])


def test_statistics_move_in_the_order_of_the_spec() -> None:
    made = PROGRAMS["coupled, separate"]
    swapped = evolve(made, stages=(evolve(made.stages[0], terms=made.stages[0].terms[::-1]),))
    moved, other = (results(optimised(each, 1))[2] for each in (made, swapped))
    assert any(not torch.allclose(moved[name], other[name]) for name in moved)
