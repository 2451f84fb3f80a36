"""Networks with several inputs and outputs: what a call takes and gives, and what is refused."""

import pytest

from specs import codes, with_loss
from ssldsl.check import Checked
from ssldsl.ir.nodes import Node
from ssldsl.ir.walk import walk

NETS = """
net  vision  = vit(width=16, depth=1, heads=2, patch=2, image=8, mask_token=true)
head decoder = vit_decoder(vision.dim, out=4, width=8, depth=1, heads=2)
head scores  = linear(vision.dim, 7)
let  hidden  = random_patch_mask(unlabeled, patch=2, ratio=0.75)
"""


def found(loss: str, more: str = "") -> Checked:
    return with_loss(f"ce(labeled) + {loss}", NETS + more)


def nodes(loss: str, more: str = "") -> list[Node]:
    (stage,) = found(loss, more).unwrap().stages
    return list(walk((term.node for term in stage.terms), lambda node: node.inputs))


def types(loss: str, op: str, more: str = "") -> set[str]:
    return {str(node.type) for node in nodes(loss, more) if node.op == op}


PIXELS = "mean(masked_mean(squared_error(decoder(%s, mask=hidden), patches(unlabeled, patch=2)), hidden))"


def test_sizes_are_products_and_those_that_the_call_gives() -> None:
    assert types(PIXELS % "vision(unlabeled, kept=hidden.kept).tokens", "output") == {"Features[B_unlabeled, kept, 16]"}
    assert types("mean(entropy(token_mean(scores(vision(unlabeled).tokens))))", "output") == {
        "Features[B_unlabeled, 16, 16]"
    }


def test_a_head_is_applied_at_every_place() -> None:
    assert "Logits[B_unlabeled, 16, 7]" in types("mean(entropy(token_mean(scores(vision(unlabeled).tokens))))", "apply")


def test_what_is_asked_of_one_call_is_one_forward() -> None:
    loss = "mean(entropy(scores(z))) + mean(entropy(token_mean(scores(z.tokens)))) as tokens"
    forwards = [n for n in nodes(loss, "let z = vision(unlabeled)\n") if n.op == "apply"]
    assert sum(n.inputs[0].setting("name") == "vision" for n in forwards) == 1


def test_the_first_output_has_its_name_too() -> None:
    assert not [n for n in nodes("mean(entropy(scores(vision(unlabeled).features)))") if n.op == "output"]


def test_lists_go_in_item_by_item() -> None:
    more = "let v = draw(2, random_shift(unlabeled))\nlet m = block_patch_mask(v, patch=2)\n"
    forwards = [n for n in nodes("mean(entropy(scores(vision(v, mask=m))))", more) if "mask" in n.params]
    assert len(forwards) == 2
    assert all(n.inputs[2].inputs[0] is n.inputs[1] for n in forwards)


def test_one_batch_with_several_masks_is_a_list() -> None:
    more = "let m = draw(3, block_patch_mask(unlabeled, patch=2))\n"
    forwards = [n for n in nodes("mean(entropy(scores(vision(unlabeled, mask=m))))", more) if "mask" in n.params]
    assert len(forwards) == 3


def test_each_part_of_a_composition_gets_what_it_names() -> None:
    more = "net whole = vision >> scores\n"
    forwards = [n for n in nodes("mean(entropy(whole(unlabeled, mask=hidden)))", more) if n.op == "apply"]
    assert {n.inputs[0].setting("name") for n in forwards if "mask" in n.params} == {"vision"}


def test_a_mask_and_the_places_that_it_keeps_carry_no_gradient_and_no_label() -> None:
    loss = PIXELS % "vision(unlabeled, kept=hidden.kept).tokens"
    assert all(not n.grad_modules for n in nodes(loss) if "Masks" in str(n.type) or "Places" in str(n.type))
    assert codes(found("cross_entropy(scores(vision(unlabeled)), hidden.label)")) == ["D401"]


def test_two_names_of_masks_are_two_draws() -> None:
    more = "let other = random_patch_mask(unlabeled, patch=2, ratio=0.75)\n"
    loss = PIXELS % "vision(unlabeled, kept=hidden.kept).tokens"
    loss += " + mean(entropy(scores(vision(unlabeled, mask=other))))"
    draws = {n.draw for n in nodes(loss, more) if n.op == "random_patch_mask"}
    assert draws == {"hidden/random_patch_mask", "other/random_patch_mask"}


@pytest.mark.parametrize(
    ("loss", "code", "said"),
    [
        ("mean(entropy(scores(vision(unlabeled, masks=hidden))))", "N203", "did you mean `mask`?"),
        ("mean(entropy(classes(encoder(unlabeled, mask=hidden))))", "N203", "it takes no arguments"),
        ("mean(entropy(scores(vision(unlabeled, hidden))))", "T305", "`vision(unlabeled, mask=hidden)`"),
        ("mean(entropy(scores(vision(unlabeled, mask=hidden, mask=hidden))))", "T306", "given twice"),
        ("mean(entropy(scores(vision(unlabeled, mask=hidden.kept))))", "T310", "expects Masks"),
        ("mean(entropy(scores(vision(labeled, mask=hidden))))", "T311", "the batch of"),
        ("mean(entropy(scores(vision(unlabeled).map)))", "N204", "it has: features, tokens"),
        ("mean(entropy(scores(stop(vision(unlabeled)).tokens)))", "N204", "`stop(z.tokens)`"),
        ("mean(entropy(scores(encoder(unlabeled).tokens)))", "N204", "this is a tensor"),
        ("mean(squared_error(decoder(vision(unlabeled).tokens), patches(unlabeled, patch=2)))", "T301", "needs `mask`"),
        (
            "mean(squared_error(decoder(vision(unlabeled).tokens, mask=hidden), patches(unlabeled, patch=4)))",
            "T311",
            "squared_error",
        ),
        (
            "mean(entropy(scores(vision(unlabeled, kept=random_patch_mask(unlabeled, patch=4).kept))))",
            "T311",
            "rows*columns",
        ),
        (
            "mean(entropy(scores(vision(draw(2, unlabeled), mask=draw(3, block_patch_mask(unlabeled, patch=2))))))",
            "T314",
            "its input has 2, `mask` has 3",
        ),
        ("virtual_adversarial(decoder, unlabeled, classes(encoder(unlabeled)))", "T310", "`decoder` takes `mask` too"),
    ],
)
def test_wrong_inputs_and_outputs_are_refused(loss: str, code: str, said: str) -> None:
    outcome = found(loss)
    assert codes(outcome) == [code]
    (fault,) = (d for d in outcome.diagnostics if d.severity == "error")
    assert said in " ".join([fault.message, fault.label, *fault.hints, fault.help])


def test_random_masks_are_refused_in_an_evaluation() -> None:
    outcome = with_loss(
        "ce(labeled)", NETS + "eval knn_accuracy(vision(images.test, mask=random_patch_mask(images.test, patch=2)), "
        "images.test.label, encoder(images.train), images.train.label) as masked\n"
    )  # fmt: skip
    assert codes(outcome) == ["D409"]
