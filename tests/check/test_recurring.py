"""Data that a stage computes again and again: what may be read for them, and what they are."""

from specs import HEAD, checked, codes
from ssldsl.check.resolving import resolve
from ssldsl.graph.plan import Plan
from ssldsl.ir.program import Program
from ssldsl.ir.walk import networks, walk
from ssldsl.pipeline import compile
from ssldsl.types import DataType

NEAR = "images.train.kmeans_labels(encoder(images.train), clusters=7, every={every})"
LOSS = "cross_entropy(fine(encoder(near)), near.cluster)"
HEAD = f"{HEAD}head fine = linear(encoder.dim, 7)\n"


def spec(near: str = NEAR, *, every: str = "1ep", loss: str = LOSS, more: str = "", batch: str = "{near: 100}"):
    declared = f"stream near = {near.format(every=every)}\n{more}"
    return checked(f"{HEAD}{declared}\nloss = {loss}\nbatch = {batch}\nrun = 3ep\n")


def data_of(program: Program, stream: str = "near") -> DataType:
    (found,) = [s.data.type for s in program.streams if s.name == stream and s.data is not None]
    assert isinstance(found, DataType)
    return found


def paces(outcome: Plan) -> list[object]:
    return [n.settings["every"] for n in outcome.stages[0].nodes if "every" in n.settings]


def test_clusters_are_a_field_with_as_many_classes_as_are_asked_for_beside_the_labels_of_the_data():
    found = dict(data_of(spec().unwrap()).fields)
    assert str(found["cluster"]) == "Labels[; 7 classes]" and str(found["label"]) == "Labels[; 10 classes]"


def test_a_head_has_an_output_for_every_cluster():
    assert codes(spec(loss=LOSS.replace("fine", "classes"))) == ["T312"]


def test_present_networks_are_read_without_gradient():
    outcome = spec().unwrap()
    (stage,) = outcome.stages
    assert networks(walk([t.node for t in stage.terms], lambda n: n.inputs)) == {"encoder", "fine"}
    (data,) = [s.data for s in outcome.streams if s.name == "near"]
    assert data is not None and data.grad_modules == frozenset()


def test_a_pace_is_in_steps_of_the_stage():
    assert paces(compile(spec(every="2ep").unwrap())) == [28]
    assert paces(compile(spec(every="5it").unwrap())) == [5]
    assert paces(compile(spec(every="50%").unwrap())) == [21]


def test_each_stage_has_its_own_steps():
    outcome = checked(
        f"{HEAD}stream near = {NEAR.format(every='1ep')}\n"
        + "\n".join(f"stage s{n} {{ loss = {LOSS}  batch = {{near: {n}}}  run = 3ep }}" for n in (100, 50))
    )
    plan = compile(outcome.unwrap())
    assert [n.settings["every"] for s in plan.stages for n in s.nodes if "every" in n.settings] == [14, 28]


def test_a_memory_is_read_as_it_stands():
    bank = "let past = bank(l2norm(encoder(labeled)), labeled.position)\n"
    near = "labeled.kmeans_labels(past.rows, clusters=7, every={every})"
    term = f"{LOSS} + mean(cross_entropy(classes(encoder(labeled)), labeled.label)) as ce"
    both = "{near: 10, labeled: 10}"
    assert codes(spec(near, more=bank, loss=term, batch=both)) == ["D421"]
    outcome = checked(
        f"{HEAD}{bank}stream near = {near.format(every='2it')}\nloss = {term}\nwatch mean(past.seen) as seen\n"
        f"batch = {both}\nrun = 9it\n"
    )
    assert codes(outcome) == []


def test_the_resolved_spec_keeps_the_pace():
    assert "every=1ep" in resolve(spec()).replace(" ", "")
