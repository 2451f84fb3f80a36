"""Differences by meaning: their class, their place, and the identity that goes with them."""

import json
from functools import reduce

import pytest
from picture_specs import MEMORY, QUICK, STAGES, TEACHER
from programs import checked, program

from ssldsl.comparing.canonical import identity, scalar_form
from ssldsl.comparing.diff import Diff, diff, diff_checked
from ssldsl.values import Combined, Constant, Curve

COUPLED = QUICK.replace("convnet(width=32)", 'convnet(width=32, norm="batch")')


def changed(*pairs: tuple[str, str], text: str = QUICK) -> str:
    for before, _ in pairs:
        assert before in text
    return reduce(lambda t, pair: t.replace(*pair), pairs, text)


def found(first: str, second: str) -> Diff:
    return diff_checked(checked(first), checked(second))


def told(result: Diff) -> list[tuple[str, str, str, str]]:
    return [(e.kind, e.path, e.before, e.after) for e in result.entries]


RENAMED = changed(
    ("encoder", "body"),
    ("ce(labeled)", "ce(labeled, net=body >> classes)"),
    ("rotation(all)", "rotation(all, encoder=body)"),
    ("vat(unlabeled)", "vat(unlabeled, net=body >> classes)"),
    ("top1(images.test)", "top1(images.test, net=body >> classes)"),
)

# name: the other text, the class, and every difference
CASES: dict[str, tuple[str, list[tuple[str, str, str, str]]]] = {
    "rename a net": (RENAMED, [("cosmetic", "net.encoder", "encoder", "body")]),
    "rename a stream": (
        changed(("unlabeled", "rest")),
        [("cosmetic", "stream.unlabeled", "unlabeled", "rest")],
    ),
    "order of terms": (
        changed(
            ("ce(labeled) + 0.7*rotation(all)", "0.3*vat(unlabeled) + ce(labeled)"),
            ("0.3*vat(unlabeled)\n", "0.7*rotation(all)\n"),
        ),
        [("cosmetic", "main.loss", "ce, rotation, vat", "vat, ce, rotation")],
    ),
    "order of a join": (
        changed(("labeled | unlabeled", "unlabeled | labeled")),
        [("cosmetic", "text", "written in one way", "in another that means the same")],
    ),
    "a comment": (
        changed(("run       = 30ep", "run = 30ep  # long")),
        [("cosmetic", "text", "one format or set of comments", "another")],
    ),
    "order of a product": (
        changed(("0.1 * cosine()", "cosine() * 0.1")),
        [("cosmetic", "text", "written in one way", "in another that means the same")],
    ),
    "precision": (
        changed(("run       = 30ep", "run = 30ep  precision = bf16")),
        [("execution", "main.precision", "fp32", "bf16")],
    ),
    "forward of an uncoupled net": (
        changed(("run       = 30ep", "run = 30ep  forward = separate")),
        [("execution", "main.forward", "concat", "separate")],
    ),
    "a setting of a def": (
        changed(("vat(unlabeled)", "vat(unlabeled, epsilon=2.0)")),
        [("semantic", "main.loss.vat.epsilon", "1.0", "2.0")],
    ),
    "a weight": (changed(("0.7*", "0.5*")), [("semantic", "main.loss.rotation.weight", "0.7", "0.5")]),
    "a term": (changed((" + 0.3*vat(unlabeled)", "")), [("semantic", "main.loss.vat", "0.3 * vat(unlabeled)", "")]),
    "the net": (changed(("width=32", "width=64")), [("semantic", "encoder.width", "32", "64")]),
    "the labels": (changed(("subset(100", "subset(200")), [("semantic", "stream.labeled.subset.count", "100", "200")]),
    "a view of a stream": (
        changed(("unlabel(images.train) >> random_shift(1)", "unlabel(images.train) >> random_shift(2)")),
        [("semantic", "stream.unlabeled.random_shift.pixels", "1", "2")],
    ),
    "one more view of a stream": (
        changed(("unlabel(images.train) >> random_shift(1)", "unlabel(images.train) >> random_shift(1) >> flip()")),
        [("semantic", "stream.unlabeled", "", "flip(0.5)")],
    ),
    "a view in a term": (
        changed(("vat(unlabeled)", "vat(unlabeled >> flip())")),
        [("semantic", "main.loss.vat", "", "flip(0.5)")],
    ),
    "the seed": (changed(("run       = 30ep", "run = 30ep  seed = 3")), [("semantic", "seed", "0", "3")]),
    "the length": (changed(("30ep", "20ep")), [("semantic", "main.run", "30ep", "20ep")]),
    "the batch": (changed(("labeled: 50,", "labeled: 25,")), [("semantic", "main.batch.labeled", "50", "25")]),
    "the clock": (
        changed(("clock     = unlabeled", "clock     = labeled")),
        [("semantic", "main.clock", "unlabeled", "labeled")],
    ),
    "the optimizer": (
        changed(("momentum=0.9", "momentum=0.8")),
        [("semantic", "main.optimizer.momentum", "0.9", "0.8")],
    ),
    "what is evaluated": (
        changed(("top1(images.test)", "top1(images.test) as final")),
        [
            ("semantic", "main.eval.top1", "eval top1(images.test)", ""),
            ("semantic", "main.eval.final", "", "eval top1(images.test) as final"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_difference_is_told_at_its_smallest_part_and_in_its_class(name: str) -> None:
    other, expected = CASES[name]
    assert told(found(QUICK, other)) == expected


@pytest.mark.parametrize("name", [n for n in CASES if n != "what is evaluated"])
def test_identities_differ_exactly_where_a_difference_is_semantic(name: str) -> None:
    other, expected = CASES[name]
    is_semantic = any(kind == "semantic" for kind, *_ in expected)
    assert (identity(program(QUICK)) != identity(program(other))) == is_semantic


@pytest.mark.parametrize("name", CASES)
def test_the_other_way_round_is_of_the_same_class(name: str) -> None:
    other, _ = CASES[name]
    assert found(other, QUICK).kind == found(QUICK, other).kind


@pytest.mark.parametrize("text", [QUICK, TEACHER, STAGES])
def test_an_experiment_does_not_differ_from_itself(text: str) -> None:
    assert found(text, text).entries == ()


@pytest.mark.parametrize(("kind", "code"), [("a comment", 0), ("precision", 3), ("a weight", 4)])
def test_the_exit_code_tells_the_weightiest_class(kind: str, code: int) -> None:
    assert found(QUICK, CASES[kind][0]).exit_code == code


def test_the_forward_policy_means_something_where_batches_are_coupled() -> None:
    joined, apart = (COUPLED.replace("run       = 30ep", f"run = 30ep  forward = {f}") for f in ("concat", "separate"))
    assert told(found(joined, apart)) == [("semantic", "main.forward", "concat", "separate")]


def test_a_data_set_exchanged_is_told_once() -> None:
    result = found(QUICK, changed(("digits()", "mnist()")))
    assert ("semantic", "stream.labeled.data", "digits()", "mnist()") in told(result)
    assert len([e for e in result.entries if "mnist" in e.after]) == 1


def test_a_network_exchanged_is_told_as_names() -> None:
    other = TEACHER.replace("stop(softmax(student(unlabeled >> weak)))", "stop(softmax(teacher(unlabeled >> weak)))")
    changes = {(e.before, e.after) for e in found(TEACHER, other).entries}
    assert changes == {("encoder", "teacher.encoder"), ("classes", "teacher.classes")}


def test_draws_that_are_shared_differ_from_draws_that_are_not() -> None:
    shared = TEACHER.replace("net    student", "let    strongly = unlabeled >> strong\nnet    student")
    other = shared.replace("student(unlabeled >> strong)", "student(strongly)")
    result = found(TEACHER, other)
    assert (result.kind, [e.path for e in result.entries]) == ("semantic", ["draws"])


def test_a_renamed_stage_is_cosmetic() -> None:
    assert told(found(STAGES, STAGES.replace("readout", "probing"))) == [
        ("cosmetic", "stage.readout", "readout", "probing")
    ]


def test_where_weights_come_from_is_semantic() -> None:
    other = STAGES.replace("  init classes from readout\n", "")
    assert told(found(STAGES, other)) == [
        (
            "semantic",
            "finetune.init",
            "encoder from rotnet, classes from readout",
            "classes afresh, encoder from rotnet",
        )
    ]


def test_another_part_of_a_file_of_weights_is_semantic() -> None:
    first, second = (
        changed(("init encoder from rotnet", f"init encoder from weights({origin})"), text=STAGES)
        for origin in ('"dino.pth", key="student"', '"dino.pth", key="teacher", prefix="backbone."')
    )
    before, after = "student of dino.pth", "teacher.backbone of dino.pth"
    assert told(found(first, second)) == [
        ("semantic", f"{stage}.init", f"encoder from {before}{rest}", f"encoder from {after}{rest}")
        for stage, rest in (("readout", ""), ("finetune", ", classes from readout"))
    ]
    assert identity(program(first)) != identity(program(second))


def test_a_stage_that_is_gone_is_told_as_a_whole() -> None:
    other = STAGES[: STAGES.index("stage finetune")]
    assert ("semantic", "stage.finetune", "ce + entmin, 20ep", "") in told(found(STAGES, other))


def test_names_exchanged_throughout_change_nothing() -> None:
    swapped = STAGES.replace("all", "@").replace("labeled", "all").replace("unall", "unlabeled").replace("@", "labeled")
    swapped = swapped.replace("unlabel(", "unlabel(")
    assert identity(program(STAGES)) == identity(program(swapped))
    assert found(STAGES, swapped).kind == "cosmetic"


def test_a_renamed_and_changed_net_is_told_as_both() -> None:
    result = told(found(QUICK, RENAMED.replace("width=32", "width=64")))
    assert result == [("semantic", "encoder.width", "32", "64"), ("cosmetic", "net.encoder", "encoder", "body")]


def test_an_edit_of_the_command_line_is_found_at_its_term() -> None:
    result = diff_checked(checked(QUICK), checked(QUICK, sets=("vat.epsilon=2.0",)))
    (entry,) = result.entries
    assert (entry.path, entry.first and entry.first.place) == ("main.loss.vat.epsilon", "specs/quick.ssl:9:51")


def test_what_two_stages_share_is_told_for_both() -> None:
    text = STAGES.replace("loss = ce(labeled >> crop)\n", "loss = ce(labeled) + 0.1*vat(labeled)\n")
    text = text.replace("loss = ce(labeled >> crop) + 0.1*entmin(all >> crop)", "loss = ce(labeled) + 0.1*vat(labeled)")
    assert told(diff_checked(checked(text), checked(text, sets=("vat.epsilon=2.0",)))) == [
        ("semantic", f"{stage}.loss.vat.epsilon", "1.0", "2.0") for stage in ("readout", "finetune")
    ]


def test_a_method_for_another_is_told_with_its_head_and_the_views_of_its_stream() -> None:
    first = changed(("ce(labeled) + 0.7*rotation(all) + 0.3*vat(unlabeled)", "ce(labeled) + rotation(unlabeled)"))
    second = changed(
        ("rotation(unlabeled)", "exemplar(unlabeled, dim=4)"),
        (">> random_shift(1)\nstream all", ">> random_shift(2) >> random_inception_crop(8)\nstream all"),
        text=first,
    )
    assert told(found(first, second)) == [
        ("semantic", "rotation.angles", "head linear(128, 4)", ""),
        ("semantic", "exemplar.embeddings.linear", "", "head linear(128, 4)"),
        ("semantic", "exemplar.embeddings.l2norm", "", "head l2norm(eps=1e-06)"),
        ("semantic", "main.loss.rotation", "1 * rotation(unlabeled)", ""),
        ("semantic", "main.loss.exemplar", "", "1 * exemplar(unlabeled, dim=4)"),
        ("semantic", "stream.unlabeled", "", "random_inception_crop(8)"),
        ("semantic", "stream.unlabeled.random_shift.pixels", "1", "2"),
    ]


def test_a_schedule_is_told_as_it_is_written() -> None:
    (entry,) = found(QUICK, changed(("lr=0.1 * cosine()", "lr=0.2 * step_decay(milestones=[10ep], delay=1)"))).entries
    assert entry.after == "0.2 · step_decay(milestones=[10ep], delay=1)"


def test_the_cadence_of_evaluation_is_execution() -> None:
    assert [e.kind for e in diff(program(QUICK), program(QUICK, "evaluate=5ep")).entries] == ["execution"]


def test_the_text_stands_under_its_classes() -> None:
    text = found(QUICK, changed(("0.7*", "0.5*"), ("run       = 30ep", "run = 30ep  precision = bf16"))).as_text()
    assert text == (
        "semantic\n"
        "  ~ main.loss.rotation.weight  0.7 -> 0.5   (specs/quick.ssl:9:31)\n"
        "\n"
        "execution\n"
        "  ~ main.precision             fp32 -> bf16   (specs/quick.ssl:12:25)\n"
    )


def test_a_setting_is_found_where_it_is_written() -> None:
    (entry,) = found(QUICK, changed(("run       = 30ep", "run       = 20ep"))).entries
    assert [span.text for span in (entry.first, entry.second) if span] == ["30ep", "20ep"]


def test_no_difference_says_so() -> None:
    assert found(QUICK, QUICK).as_text() == "no difference\n"


def test_the_json_can_be_read_back() -> None:
    data = json.loads(json.dumps(found(QUICK, CASES["a term"][0]).as_json()))
    assert data["class"] == "semantic" and data["exit_code"] == 4
    assert data["entries"][0]["path"] == "main.loss.vat" and data["entries"][0]["after"] is None


def test_a_product_of_numbers_is_one_number() -> None:
    curve = Curve("cosine")
    nested = Combined("*", Constant(2.0), Combined("*", curve, Constant(0.5)))
    assert scalar_form(nested) == scalar_form(curve)


def test_identity_does_not_depend_on_the_order_of_the_terms() -> None:
    terms = ["ce(labeled)", "0.7*rotation(all)", "0.3*vat(unlabeled)"]
    other = changed((" + ".join(terms), " + ".join(reversed(terms))))
    assert identity(program(QUICK)) == identity(program(other))


def test_identity_ignores_the_name_of_a_net() -> None:
    plain = changed(("ce(labeled) + 0.7*rotation(all) + 0.3*vat(unlabeled)", NAMED), ("eval top1(images.test)", ""))
    assert identity(program(plain)) == identity(program(plain.replace("encoder", "body")))


NAMED = "cross_entropy(classes(encoder(labeled)), labeled.label) + entropy(classes(encoder(unlabeled)))"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("length=480", "length=64", ("semantic", "main.loss.swapped.queue.length", "480", "64")),
        ("clip   = 1.0", "clip = per_tensor(1.0)", ("semantic", "main.clip", "1", "per_tensor(1)")),
        ("freeze: 3it", "freeze: 4it", ("semantic", "main.optimizer.protos.freeze", "3it", "4it")),
        ("past", "seen", ("cosmetic", "text", "written in one way", "in another that means the same")),
    ],
)
def test_what_is_said_of_state_is_told(before: str, after: str, expected: tuple[str, str, str, str]) -> None:
    assert told(found(MEMORY, changed((before, after), text=MEMORY))) == [expected]


def test_two_memories_are_not_one() -> None:
    once = changed(
        ("queue(z, length=480)", "queue(concat(z), length=480)"),
        ("protos(past)), past.ready", "protos(past)), past.ready"),
        text=MEMORY,
    )
    assert found(MEMORY, once).kind == "semantic"
