"""What the checker makes of a right spec: terms, weights, draws, gradients, shapes."""

from specs import HEAD, TAIL, checked, codes, with_loss
from ssldsl.ir.nodes import Constant, Duration
from ssldsl.ir.walk import ancestors
from ssldsl.syntax import tree
from ssldsl.syntax.printer import print_expr

ANEW = "entmin(unlabeled >> random_shift(2))"


def written(outcome):
    named = (tree.Declaration, tree.Setting)
    return {s.name.id: print_expr(s.value) for s in outcome.file.statements if isinstance(s, named)}


def terms(outcome):
    return {t.name: t for t in outcome.unwrap().stages[0].terms}


def test_terms_are_named_after_the_function_that_made_them():
    assert list(terms(with_loss("ce(labeled) + 0.5*vat(unlabeled) as smooth"))) == ["ce", "smooth"]


def test_a_repeated_term_gets_a_number():
    assert list(terms(with_loss("ce(labeled) + vat(labeled) + vat(unlabeled)"))) == ["ce", "vat", "vat_2"]


def test_weights_multiply_through():
    found = terms(with_loss("ce(labeled) + 0.5 * (2 * vat(unlabeled))"))
    assert found["vat"].weight == Constant(1.0)


def test_division_by_a_number_is_a_weight():
    assert terms(with_loss("ce(labeled) + vat(unlabeled) / 4"))["vat"].weight == Constant(0.25)


def test_a_term_reaches_the_modules_it_trains():
    found = terms(with_loss("ce(labeled) + rotation(unlabeled)"))
    assert found["rotation"].node.grad_modules == {"encoder", "rotation.angles"}


def test_the_same_stream_is_the_same_draw():
    found = terms(with_loss("ce(labeled) + entmin(labeled)"))
    shifts = [n for n in ancestors([t.node for t in found.values()]) if n.op == "random_shift"]
    assert len(shifts) == 1


def test_a_view_in_an_expression_draws_anew():
    found = terms(with_loss(f"ce(labeled) + mean([{ANEW}, {ANEW}]) as twice"))
    draws = {n.draw for n in ancestors([found["twice"].node]) if n.op == "random_shift" and n.setting("pixels") == 2}
    assert len(draws) == 2


def test_a_let_shares_its_draw():
    found = terms(
        with_loss("ce(labeled) + mean([entmin(u), entmin(u)]) as twice", more="let u = unlabeled >> random_shift(2)")
    )
    draws = {n.draw for n in ancestors([found["twice"].node]) if n.op == "random_shift" and n.setting("pixels") == 2}
    assert len(draws) == 1


def test_a_random_loss_draws_for_every_copy_that_a_view_has_made():
    found = terms(with_loss("ce(labeled) + vat(unlabeled >> rotate4())"))
    (loss,) = (n for n in ancestors([found["vat"].node]) if n.op == "virtual_adversarial")
    assert (loss.rows.op, loss.rows.setting("times")) == ("repeat_rows", 4)


def test_a_random_loss_draws_for_every_row_of_joined_batches():
    found = terms(with_loss("ce(labeled) + vat(concat(labeled | unlabeled >> rotate4()))"))
    (loss,) = (n for n in ancestors([found["vat"].node]) if n.op == "virtual_adversarial")
    assert [rows.op for rows in loss.rows.inputs] == ["rows", "repeat_rows"]
    assert str(loss.rows.type) == "Rows[4*B_unlabeled+B_labeled]"


def test_draw_makes_independent_draws():
    found = terms(with_loss("ce(labeled) + mean(entmin(draw(3, unlabeled >> random_shift(2)))) as several"))
    draws = {n.draw for n in ancestors([found["several"].node]) if n.op == "random_shift" and n.setting("pixels") == 2}
    assert len(draws) == 3


def test_a_view_of_a_stream_is_the_same_draw_of_samples():
    more = "stream strong = unlabeled >> flip()"
    found = terms(with_loss("ce(labeled) + entmin(strong) + vat(unlabeled)", more=more))
    streams = {n.setting("stream") for n in ancestors([t.node for t in found.values()]) if n.op == "draw"}
    assert streams == {"labeled", "unlabeled"}


def test_a_join_is_the_mean_of_stream_means():
    found = terms(with_loss("ce(labeled) + rotation(labeled | unlabeled)"))
    assert found["rotation"].node.op == "mean"
    assert len(found["rotation"].node.inputs) == 2


def test_concat_pools_the_rows():
    found = terms(with_loss("ce(labeled) + entmin(concat([unlabeled, unlabeled >> flip()])) as pooled"))
    logits = found["pooled"].node.inputs[0].inputs[0]
    assert str(logits.type) == "Logits[2*B_unlabeled, 10]"


def test_rotation_multiplies_rows_and_repeats_labels():
    more = "let turned = labeled >> rotate4()"
    found = terms(with_loss("cross_entropy(classes(encoder(turned)), turned.label) as sup", more=more))
    (losses,) = found["sup"].node.inputs
    assert [str(i.type) for i in losses.inputs] == ["Logits[4*B_labeled, 10]", "Labels[4*B_labeled; 10 classes]"]


def test_sizes_that_are_left_out_come_from_the_input():
    modules = {m.path: m for m in with_loss("ce(labeled)").unwrap().modules}
    assert dict(modules["encoder"].sizes)["channels"].value == 1


def test_everything_a_loss_reaches_is_trained_by_default():
    assert with_loss("ce(labeled) + rotation(unlabeled)").unwrap().stages[0].train == (
        "encoder",
        "classes",
        "rotation.angles",
    )


def test_an_average_follows_without_gradient():
    more = "net teacher = ema(encoder >> classes, half_life=1ep)"
    loss = "ce(labeled) + mse(softmax()(classes(encoder(unlabeled))), stop(softmax()(teacher(unlabeled)))) as con"
    program = with_loss(loss, more=more).unwrap()
    assert {m.path: m.average_of for m in program.modules if m.average_of} == {
        "teacher.encoder": "encoder", "teacher.classes": "classes",
    }  # fmt: skip


def test_dropping_a_term_leaves_its_stream_only_as_the_clock():
    outcome = with_loss("ce(labeled) + vat(unlabeled)", drops=("vat",))
    stage = outcome.unwrap().stages[0]
    assert [t.name for t in stage.terms] == ["ce"]
    assert stage.clock == "unlabeled"


def test_set_reaches_params_settings_arguments_and_maps():
    more = "param w: weight = 0.3"
    sets = ("w=0.4", "run=3ep", "vat.epsilon=2.5", "batch.labeled=10", "encoder.width=16", "labeled.seed=7")
    program = with_loss("ce(labeled) + w*vat(unlabeled)", more=more, sets=sets).unwrap()
    stage = program.stages[0]
    assert stage.terms[1].weight == Constant(0.4)
    assert stage.run == Duration(3, "ep")
    assert stage.terms[1].node.inputs[0].setting("epsilon") == 2.5
    assert dict(stage.batch)["labeled"] == 10
    assert dict(program.module("encoder").settings)["width"] == 16


def test_set_reaches_arguments_that_stand_without_their_names():
    more = "def soft(x, power: float) = power*entmin(x)\nview strong = random_shift(2) >> solarize(0.5)"
    loss = "ce(labeled) + soft(strong(unlabeled), 0.5)"
    sets = ("labeled.count=40", "labeled.pixels=2", "classes.classes=10", "strong.pixels=3", "soft.power=0.25")
    outcome = with_loss(loss, more, sets=sets)
    assert codes(outcome) == []
    text = written(outcome)
    assert text["labeled"] == "images.train.subset(40, seed=0) >> random_shift(2)"
    assert text["classes"] == "linear(encoder.dim, 10)" and text["strong"] == "random_shift(3) >> solarize(0.5)"
    assert text["loss"] == "ce(labeled) + soft(strong(unlabeled), 0.25)"


def test_set_finds_the_one_call_that_takes_an_argument():
    more = "view strong = random_shift(2) >> flip() >> solarize(0.5)"
    outcome = with_loss(
        "ce(labeled) + entmin(strong(unlabeled))", more, sets=("labeled.per_class=4", "labeled.count=none")
    )
    assert codes(outcome) == []
    assert written(outcome)["labeled"] == "images.train.subset(none, seed=0, per_class=4) >> random_shift(1)"
    assert codes(with_loss("ce(labeled) + entmin(strong(unlabeled))", more, sets=("strong.p=0.3",))) == ["N210"]


def test_set_leaves_what_a_view_is_applied_to():
    outcome = with_loss("ce(labeled) + entmin(seen)", "let seen = flip(unlabeled)", sets=("seen.p=0.25",))
    assert codes(outcome) == [] and written(outcome)["seen"] == "flip(unlabeled, p=0.25)"


def test_a_weight_can_be_set_by_the_name_of_its_term():
    program = with_loss("ce(labeled) + 0.3*vat(unlabeled)", sets=("loss.vat=0.9",)).unwrap()
    assert program.stages[0].terms[1].weight == Constant(0.9)


def test_a_variant_extends_another():
    more = "variant a { set run = 5ep }\nvariant b extends a { drop vat }"
    stage = with_loss("ce(labeled) + vat(unlabeled)", more=more, variants=("b",)).unwrap().stages[0]
    assert stage.run == Duration(5, "ep")
    assert [t.name for t in stage.terms] == ["ce"]


STAGES = (
    HEAD
    + """
def objective(x, weight: weight) -> Loss = ce(x) as sup + weight*entmin(x) as ent
stage first {
  loss = objective(labeled, weight=0.1)
  batch = {labeled: 20}
  run = 2ep
  average = polyak(half_life=1ep)
}
stage second after first {
  train classes
  init encoder, classes from first.average
  loss = ce(labeled)
  batch = {labeled: 20}
  run = 10it
}
"""
)


def test_terms_inside_a_definition_keep_their_names():
    first, _ = checked(STAGES).unwrap().stages
    assert [t.name for t in first.terms] == ["sup", "ent"]


def test_a_term_inside_a_definition_can_be_dropped_in_one_stage():
    first, _ = checked(STAGES, drops=("first.loss.ent",)).unwrap().stages
    assert [t.name for t in first.terms] == ["sup"]


def test_a_stage_can_be_dropped_that_no_other_comes_after():
    assert [s.name for s in checked(STAGES, drops=("second",)).unwrap().stages] == ["first"]
    assert codes(checked(STAGES, drops=("first",)))[0] == "D503"


def test_without_its_init_a_stage_starts_afresh():
    _, second = checked(STAGES, drops=("second.init",)).unwrap().stages
    assert [(init.modules, init.stage) for init in second.init] == [(("encoder", "classes"), "")]
    assert codes(checked(STAGES, drops=("first.init",))) == ["N210"]


def test_a_stage_is_initialized_from_the_average_of_another():
    _, second = checked(STAGES).unwrap().stages
    assert (second.init[0].modules, second.init[0].stage, second.init[0].average) == (
        ("encoder", "classes"),
        "first",
        True,
    )


def test_declarations_may_stand_in_any_order():
    text = HEAD.replace("ssl 1", "") + "loss = ce(labeled)" + TAIL
    lines = [line for line in text.splitlines() if line.strip()]
    assert codes(checked("ssl 1\n" + "\n".join(reversed(lines)))) == []


def test_what_a_stage_does_not_initialize_starts_afresh():
    text = (
        f"{HEAD}stage first {{ loss = ce(labeled) + vat(unlabeled) run = 2it }}\n"
        "stage second after first { init encoder from first loss = ce(labeled) run = 2it }\n"
    )
    second = checked(text).unwrap().stages[1]
    assert [(i.modules, i.stage) for i in second.init] == [(("classes",), ""), (("encoder",), "first")]


MEMORY = """
net    projector = encoder >> mlp_head(encoder.dim, hidden=[16], out=8) >> l2norm()
head   clusters  = prototypes(8, 10)
def assigned(z, past) = soft_cross_entropy(clusters(z), sinkhorn(stop(clusters(z)), stop(clusters(past)), past.ready))
let    z    = projector(unlabeled)
let    past = queue(z, length=400)
"""


def memories(loss):
    found = terms(with_loss(f"ce(labeled) + {loss} as rest", more=MEMORY))
    return [n for n in ancestors([found["rest"].node]) if n.op == "queue"]


def test_a_named_memory_is_one_and_a_call_that_is_written_twice_two():
    assert len(memories("mean([assigned(z, past), assigned(z, past)])")) == 1
    once = "assigned(z, queue(z, length=400))"
    assert len(memories(f"mean([{once}, {once}])")) == 2


def test_a_list_has_a_memory_for_each_item():
    crops = "projector(draw(3, random_shift(unlabeled, 2)))"
    found = memories(f"mean(assigned({crops}, queue({crops}, length=400)))")
    assert sorted(n.draw for n in found) == ["queue", "queue#2", "queue#3"]


def test_nothing_of_a_memory_carries_gradient():
    (queue,) = memories("assigned(z, past)")
    assert queue.grad_modules == frozenset() and queue.inputs[0].grad_modules
