"""A smoke run has small images wherever they fit, and nothing else of the graph changes for it."""

from pathlib import Path

import pytest
from derived_specs import LIBRARY, carried_out, plan_of

from ssldsl import pipeline
from ssldsl.check import check
from ssldsl.graph.plan import Plan
from ssldsl.graph.plan_types import TensorPlan, tensors_of, with_tensors
from ssldsl.ops.library import Library
from ssldsl.runtime.data.measure import assumed
from ssldsl.runtime.smoke.generated import GeneratedData
from ssldsl.runtime.smoke.plan import smoke_plan
from ssldsl.runtime.smoke.shrink import with_small_batches, with_small_images
from ssldsl.source import Source

SPEC = """
ssl 1
data   images    = imagenet()
stream labeled   = images.train >> random_resized_crop(224) >> flip()
stream unlabeled = unlabel(images.train)
view   small     = random_resized_crop(96, scale=[0.1, 0.4])
net    encoder   = {net}
head   classes   = linear(encoder.dim, images.classes)
loss    = ce(labeled) + entmin(unlabeled >> small) + rotation(labeled)
run     = 3it
batch   = 16
forward = separate
eval top1(images.val >> center_crop(224, short_side=256))
"""


def large(net: str = "resnet18()", library: Library = LIBRARY) -> Plan:
    program = check(Source("spec.ssl", SPEC.format(net=net)), library=library).unwrap()
    known = assumed(program)
    return pipeline.compile(program, sizes=known.sizes, resident=known.resident)


def sides(plan: Plan) -> set[int]:
    found = [tensor for stage in plan.stages for n in stage.nodes for tensor in tensors_of(n.type)]
    return {side for t in found if t.kind == "Images" for side in t.dims[-2:] if isinstance(side, int)}


def settings(plan: Plan) -> dict[str, list[object]]:
    nodes = [n for stage in plan.stages for n in stage.nodes]
    names = ("size", "short_side", "scale", "pixels")
    return {n.op: [n.settings[k] for k in names if k in n.settings] for n in nodes}


def test_sizes_become_others_in_the_same_order() -> None:
    before, after = settings(large()), settings(with_small_images(large(), LIBRARY))
    assert before["center_crop"] == [224, 256] and after["center_crop"] == [80, 96]
    assert sides(large()) == {32, 96, 224} and sides(with_small_images(large(), LIBRARY)) == {32, 64, 80}


def test_nothing_else_changes() -> None:
    def without_sides(type_: TensorPlan) -> TensorPlan:
        return type_.model_copy(update={"dims": type_.dims[:-2] if type_.kind == "Images" else type_.dims})

    def rest(plan: Plan) -> list[object]:
        nodes = [n for stage in plan.stages for n in stage.nodes]
        types = [with_tensors(n.type, without_sides) for n in nodes]
        return [types, *((n.id, n.op, n.inputs, n.params, n.draw, n.placement, sorted(n.settings)) for n in nodes)]

    assert rest(with_small_images(large(), LIBRARY)) == rest(large())


def test_small_images_stay_as_they_are() -> None:
    plan = plan_of(Path("specs/quickstart.ssl").read_text("utf-8"), smoke=False)
    assert with_small_images(plan, LIBRARY) == plan


def test_a_network_that_is_not_ours_keeps_its_size() -> None:
    plan = large('torchvision_model(name="vit_b_16")')
    assert with_small_images(plan, LIBRARY) == plan


def test_a_transformer_gets_whole_patches() -> None:
    found = sides(with_small_images(large("vit(patch=32, image=224)"), LIBRARY)) - {32}
    assert found and all(side % 32 == 0 for side in found)


OWN = '''
from torch import Tensor

from ssldsl.ops import op
from ssldsl.ops.kinds import Images


@op(role="views")
def middle(images: Images[Tensor, "batch channels height width"]) -> Images[Tensor, "batch channels 200 200"]:
    """The middle."""
    return images[..., 12:212, 12:212]
'''


def test_a_view_that_knows_its_size_keeps_all_sizes(tmp_path: Path) -> None:
    file = tmp_path / "middle.py"
    file.write_text(OWN, "utf-8")
    library = LIBRARY.with_file(file)
    text = SPEC.format(net="resnet18()").replace(
        "random_resized_crop(224) >> flip()", "random_resized_crop(224) >> middle()"
    )
    program = check(Source("spec.ssl", text), library=library).unwrap()
    known = assumed(program)
    plan = pipeline.compile(program, sizes=known.sizes, resident=known.resident)
    assert with_small_images(plan, library) == plan


def test_few_samples_are_made_up_where_only_evaluations_read_them() -> None:
    plan = smoke_plan(large(), LIBRARY)
    stage = plan.stages[0]
    test = next(n.inputs[0] for n in stage.nodes if n.op == "full_dataset")
    drawn = stage.streams[0].data
    assert len(GeneratedData().samples(stage, test)) == 8
    assert len(GeneratedData().samples(stage, drawn)) == 64


@pytest.mark.slow
def test_a_stage_on_imagenet_runs(tmp_path: Path) -> None:
    assert carried_out(smoke_plan(large(), LIBRARY), tmp_path / "run").status == "finished"


def test_batches_without_a_common_divisor_become_small_in_about_their_proportion() -> None:
    text = SPEC.format(net="resnet18()").replace("batch   = 16", "batch   = {labeled: 100, unlabeled: 257}")
    program = check(Source("spec.ssl", text), library=LIBRARY).unwrap()
    assert dict(with_small_batches(program).stages[0].batch) == {"labeled": 2, "unlabeled": 6}


def test_a_batch_in_parts_has_two_rows_in_each() -> None:
    program = check(Source("spec.ssl", SPEC.format(net="resnet18()") + "accumulate = 4"), library=LIBRARY).unwrap()
    assert dict(with_small_batches(program).stages[0].batch) == {"labeled": 8, "unlabeled": 8}
