"""What stands in the picture of a method, before it has coordinates."""

from picture_specs import CROPS, QUICK, STAGES, TEACHER
from programs import program, shipped

from ssldsl.drawing.composing import picture_of
from ssldsl.drawing.picture import DrawnEdge, Picture


def titles(picture: Picture, *kinds: str) -> list[str]:
    return [b.title for b in picture.boxes if b.kind in kinds]


def joins(picture: Picture, source: str, target: str) -> list[DrawnEdge]:
    return [e for e in picture.edges if e.source.endswith(":" + source) and e.target.endswith(":" + target)]


def test_a_network_applied_on_three_paths_has_one_box() -> None:
    assert titles(picture_of(program(QUICK)), "net") == ["encoder"]


def test_every_term_has_a_box_in_the_order_of_the_spec() -> None:
    assert titles(picture_of(program(QUICK)), "loss") == ["ce", "rotation", "vat"]


def test_plumbing_has_no_box() -> None:
    kinds = {b.kind for b in picture_of(program(QUICK)).boxes}
    assert kinds == {"stream", "view", "net", "head", "loss", "total", "eval"}


def test_a_view_that_a_stream_declares_is_a_chip_of_the_stream() -> None:
    assert [b.chips for b in picture_of(program(QUICK)).boxes if b.kind == "stream"] == [
        ("random_shift(1)",),
        ("random_shift(1)",),
    ]


def test_a_view_of_two_streams_in_one_term_is_one_box_with_a_lane_for_each() -> None:
    picture = picture_of(program(QUICK))
    assert [e.streams for e in joins(picture, "rotate4", "encoder")] == [("labeled",), ("unlabeled",)]


def test_a_stream_says_how_many_samples_it_has_and_how_many_a_step_takes() -> None:
    assert picture_of(program(QUICK)).box("main/stream:labeled").lines[0] == "100 images · 50 a step"


def test_a_weight_stands_on_the_way_to_the_total() -> None:
    weights = [e.text for e in picture_of(program(QUICK)).edges if e.kind == "weight"]
    assert weights == ["× 1", "× 0.7", "× 0.3"]


def test_a_schedule_of_a_weight_is_text_without_its_defaults() -> None:
    weights = [e.text for e in picture_of(program(TEACHER)).edges if e.kind == "weight"]
    assert weights[1] == "× 3 · sigmoid_ramp(10ep)"


def test_labels_reach_only_the_terms_that_read_them() -> None:
    labels = {(e.source, e.target) for e in picture_of(program(QUICK)).edges if e.kind == "label"}
    assert labels == {("main/stream:labeled", "main/loss:ce"), ("main/view:rotate4", "main/loss:rotation")}


def test_an_op_that_runs_a_network_inside_is_reached_through_the_network() -> None:
    assert [e.streams for e in joins(picture_of(program(QUICK)), "classes", "vat")] == [("unlabeled",)]


def test_a_lane_between_the_parts_of_a_network_has_the_type_of_what_is_there() -> None:
    lane = joins(picture_of(program(QUICK)), "encoder", "rotation.angles")[0]
    assert lane.type == "Features[4*B_labeled, 128]"


def test_a_lane_continues_the_one_it_came_by() -> None:
    picture = picture_of(program(QUICK))
    (last,) = joins(picture, "classes", "vat")
    assert last.origins == tuple(e.id for e in joins(picture, "encoder", "classes") if e.streams == ("unlabeled",))


def test_what_a_stop_gives_is_detached_and_what_comes_before_is_not() -> None:
    picture = picture_of(program(TEACHER))
    assert [e.detached for e in joins(picture, "softmax", "own")] == [True]
    assert [e.detached for e in joins(picture, "classes", "own")] == [False]


def test_what_an_average_gives_is_detached() -> None:
    lanes = joins(picture_of(program(TEACHER)), "teacher.encoder", "teacher.classes")
    assert [e.detached for e in lanes] == [True]


def test_an_average_has_an_arrow_from_what_it_follows() -> None:
    averages = [(e.source, e.target, e.text) for e in picture_of(program(TEACHER)).edges if e.kind == "ema"]
    assert averages[0] == ("main/net:encoder", "main/net:teacher.encoder", "average 0.99")


def test_what_comes_of_a_module_that_learns_is_not_detached_though_what_it_reads_is() -> None:
    picture = picture_of(program(CROPS))
    assert [e.detached for e in joins(picture, "encoder", "judge")] == [True]
    assert [(e.detached, e.reach) for e in joins(picture, "judge", "beside")] == [(False, ("judge",))]


def test_no_gradient_reaches_a_module_that_a_stage_does_not_train() -> None:
    (lane,) = [e for e in joins(picture_of(program(STAGES)), "encoder", "classes") if e.id.startswith("readout/")]
    assert (lane.detached, lane.reach) == (True, ())


def test_a_declared_view_has_its_name_and_how_often_it_is_drawn() -> None:
    views = {b.title: b.chips for b in picture_of(program(CROPS)).boxes if b.kind == "view"}
    assert list(views) == ["2 × weak", "6 × strong"]
    assert views["2 × weak"] == ("random_shift(1)", "gaussian_blur")


def test_a_view_that_draws_nothing_belongs_to_the_stream_that_declares_it() -> None:
    (labeled,) = [b for b in picture_of(program(CROPS)).boxes if b.title == "labeled"]
    assert labeled.chips == ("random_shift(1)", "normalize([0.5], std=[0.5])")


def test_a_term_of_two_losses_is_one_box_that_reads_what_both_read() -> None:
    picture = picture_of(program(CROPS))
    (both,) = [b for b in picture.boxes if b.title == "both"]
    assert both.lines == ("mean of cross_entropy and soft_cross_entropy",)
    assert {e.source for e in picture.edges if e.target == both.id} == {
        "main/head:classes", "main/stream:labeled", "main/target:one_hot",
    }  # fmt: skip


def test_a_chain_of_views_is_one_box() -> None:
    views = [b.chips for b in picture_of(program(TEACHER)).boxes if b.kind == "view"]
    assert ("random_shift(2)", "gaussian_blur", "solarize") in views


def test_a_module_that_a_stage_does_not_train_is_fixed() -> None:
    fixed = [b.id for b in picture_of(program(STAGES)).boxes if b.frozen]
    assert fixed == ["readout/net:encoder"]


def test_a_stage_starts_from_the_stages_its_weights_come_from() -> None:
    links = [(k.source, k.target, k.text) for k in picture_of(program(STAGES)).links]
    assert links[1:] == [
        ("rotnet", "finetune", "encoder starts from rotnet"),
        ("readout", "finetune", "classes starts from readout"),
    ]


def test_the_caption_of_a_stage_names_length_clock_batch_and_optimizer() -> None:
    (cluster,) = picture_of(program(QUICK)).clusters
    assert cluster.captions[:2] == ("30 epochs of unlabeled", "batch 50 labeled + 100 unlabeled")
    assert cluster.captions[2] == "sgd(lr=0.1 · cosine, momentum=0.9)"


def test_a_part_that_alone_learns_is_in_the_caption() -> None:
    assert "encoder: only layer4 learns" in picture_of(program(STAGES)).clusters[2].captions


def test_a_single_term_of_weight_one_needs_no_total() -> None:
    assert not [b for b in picture_of(program(STAGES)).boxes_of("rotnet") if b.kind == "total"]


def test_an_evaluation_hangs_on_the_last_module_it_measures() -> None:
    (lane,) = [e for e in picture_of(program(TEACHER)).edges if e.kind == "eval"]
    assert lane.source == "main/head:teacher.classes"


def test_every_box_but_the_total_knows_where_it_is_written() -> None:
    for text in (QUICK, TEACHER, STAGES):
        assert all(b.spans for b in picture_of(program(text)).boxes)


def test_the_picture_of_one_experiment_is_always_the_same() -> None:
    assert picture_of(program(TEACHER)) == picture_of(program(TEACHER))


def test_repeated_labels_of_rotated_images_pass_without_a_box() -> None:
    lanes = joins(picture_of(shipped("s4l_moam_imagenet")), "labeled", "sup")
    assert [e.text for e in lanes if e.source.startswith("joint/")] == ["label"]


def test_a_term_taken_away_takes_its_own_boxes_with_it() -> None:
    whole, fewer = picture_of(program(QUICK)), picture_of(program(QUICK, drops=("rotation",)))
    gone = {b.key for b in whole.boxes} - {b.key for b in fewer.boxes}
    assert gone == {"loss:rotation", "view:rotate4", "head:rotation.angles"}


def test_a_further_input_of_a_network_goes_into_its_box() -> None:
    picture = picture_of(shipped("mae_digits"))
    reached = {e.target for e in picture.edges if e.source == "main/target:random_patch_mask"}
    assert reached == {"main/net:encoder", "main/head:decoder", "main/loss:mae"}


def test_a_list_of_networks_of_several_parts_has_a_box_for_each_part_and_no_way_back() -> None:
    text = """ssl 1
data   images   = digits()
stream all      = unlabel(images.train)
net    encoder  = convnet(width=8)
head   heads[3] = linear(encoder.dim, 10) >> softmax()
let    v        = draw(2, random_shift(all, 1))
loss = mean(iic(heads(encoder(first(v))), heads(encoder(last(v))))) as assign
run  = 1ep
"""
    found = picture_of(program(text))
    assert titles(found, "head") == ["heads.linear", "heads.softmax"]
    assert all(edge.source != edge.target for edge in found.edges)
