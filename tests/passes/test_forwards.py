"""How often a training step runs each network, and on how many rows."""

from pathlib import Path

import pytest
from programs import S4L, graph, optimized, program, with_loss

from ssldsl.ir.program import Program
from ssldsl.passes import forward_rows, forwards

COUPLED = 'encoder.norm="batch"'
DROPPING = S4L.replace("convnet(width=32)", "vit(width=24, depth=2, patch=4, image=8, drop_path=0.1)")


def runs(made: Program, level: int = 1) -> dict[str, int]:
    return forwards(optimized(made, level), made.signatures)


def rows(made: Program, path: str = "encoder") -> int | None:
    """Rows of the module in a step, with 50 labeled and 100 unlabeled images."""
    found = forward_rows(optimized(made), made.signatures)[path]
    return found.substitute({"B_labeled": 50, "B_unlabeled": 100}).value


def test_s4l_runs_one_merged_forward_and_two_inside_vat() -> None:
    assert runs(program(S4L))["encoder"] == 1 + 2


def test_s4l_runs_the_encoder_on_rotated_images_and_inside_vat_and_on_no_other_row() -> None:
    made = program(S4L)
    # 4 copies of both streams; their first copies serve ce, vat and entmin; vat runs 2 more on its stream
    assert rows(made) == 4 * 150 + 2 * 100
    assert rows(made, "rotation.angles") == 4 * 150
    assert rows(made, "classes") == 150 + 2 * 100


def test_heads_run_once_each() -> None:
    assert runs(program(S4L)) == {"encoder": 3, "classes": 1 + 2, "rotation.angles": 1}


@pytest.mark.parametrize("level", [0, 1])
def test_a_batch_normalized_encoder_runs_once_under_concat_optimized_or_not(level: int) -> None:
    assert runs(program(S4L, COUPLED, "forward=concat"), level)["encoder"] == 1 + 2


@pytest.mark.parametrize("level", [0, 1])
def test_a_batch_normalized_encoder_runs_once_for_every_distinct_input_under_separate(level: int) -> None:
    # labeled, rotated labeled, rotated unlabeled, unlabeled
    assert runs(program(S4L, COUPLED, "forward=separate"), level)["encoder"] == 4 + 2


def test_without_optimization_every_distinct_input_is_a_forward() -> None:
    assert runs(program(S4L), level=0)["encoder"] == 4 + 2


def test_batch_normalized_encoders_see_every_row_that_the_spec_sends_them() -> None:
    assert rows(program(S4L, COUPLED, "forward=concat")) == 5 * 150 + 2 * 100


def test_a_target_is_computed_apart_from_what_is_differentiated() -> None:
    target = "stop(softmax(classes(encoder(unlabeled))))"
    made = with_loss(
        f"ce(labeled) + soft_cross_entropy(classes(encoder(unlabeled >> random_shift(2))), {target}) as same"
    )
    found = optimized(made)
    recorded = [node in found.no_grad for node in found.nodes if node.op == "apply"]
    assert sorted(recorded) == [False, False, True, True]  # encoder and head, with gradient and without


def test_forwards_that_need_one_another_stay_apart() -> None:
    more = "net loop = mlp_head(128, hidden=[8], out=128)"
    made = with_loss(
        "ce(labeled, net=encoder >> loop >> classes) + entropy(classes(loop(loop(encoder(labeled)))))", more
    )
    assert runs(made)["loop"] == 2


def test_crossed_forwards_do_not_close_a_circle() -> None:
    more = "net a = mlp_head(128, hidden=[8], out=128)\nnet b = mlp_head(128, hidden=[8], out=128)"
    ab, ba = "classes(b(a(encoder(labeled))))", "classes(a(b(encoder(unlabeled))))"
    optimized(with_loss(f"entropy({ab}) as ab + entropy({ba}) as ba", more))  # the verifier would refuse a circle


def test_inputs_of_different_shapes_are_not_one_forward() -> None:
    made = with_loss("ce(labeled >> resize(16)) + entmin(unlabeled)")
    assert runs(made)["encoder"] == 2


@pytest.mark.parametrize(("iterations", "hidden"), [(1, 2), (3, 4)])
def test_an_op_that_runs_networks_says_how_often(iterations: int, hidden: int) -> None:
    made = with_loss(f"vat(unlabeled, iterations={iterations})")
    assert forwards(graph(made), made.signatures)["encoder"] == 1 + hidden


def test_networks_that_drop_units_share_no_rows_where_they_do_drop() -> None:
    dropping = program(DROPPING)
    assert (
        rows(dropping) == 5 * 150 + 2 * 100 and runs(dropping)["encoder"] == 1 + 2
    )  # one forward, each row drawn anew
    assert rows(program(DROPPING, "encoder.drop_path=0.0")) == 4 * 150 + 2 * 100


NOISY = """
from torch import Tensor, nn
from ssldsl.ops import Images, Features, op

@op()
class Noisy(nn.Module):
    \"\"\"The mean of an image with noise for each sample.\"\"\"

    def forward(self, images: Images[Tensor, "batch c h w"], *, rng: SampleRng) -> Features[Tensor, "batch 1"]:
        return images.flatten(1).mean(1, keepdim=True) + rng.normal(1)
"""


def test_networks_that_draw_numbers_for_samples_share_neither_rows_nor_forwards(tmp_path: Path) -> None:
    (tmp_path / "noisy.py").write_text(NOISY)
    text = S4L.replace("ssl 1\n", 'ssl 1\nuse "noisy.py"\n').replace("convnet(width=32)", "noisy()")
    assert runs(program(text, name=str(tmp_path / "noisy.ssl")))["encoder"] == 4 + 2
