"""The drawings: SVG, page, Mermaid and DOT; where things stand; two methods against each other."""

import json
import os
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from picture_specs import CROPS, MEMORY, QUICK, STAGES, TEACHER
from programs import program, shipped

from ssldsl.drawing import arrange, compare_pictures, draw, picture_of
from ssldsl.drawing.columns import column_of, order_of
from ssldsl.drawing.layout import Rect
from ssldsl.drawing.metrics import text_width, wrapped
from ssldsl.drawing.placing import isotonic
from ssldsl.drawing.sizes import chip_text
from ssldsl.drawing.untangling import Untangling

GOLDEN = Path(__file__).parents[1] / "golden"
ROOT = Path(__file__).parents[2]
TEXTS = {"quick": QUICK, "teacher": TEACHER, "stages": STAGES, "memory": MEMORY, "crops": CROPS}


def texts_of(svg: str) -> set[str]:
    return {e.text or "" for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("}text")}


# --- formats ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
def test_the_svg_is_well_formed_and_names_every_term(name: str) -> None:
    experiment = program(TEXTS[name])
    terms = {t.name for stage in experiment.stages for t in stage.terms}
    assert terms <= texts_of(draw(experiment, "svg"))


def test_the_picture_in_the_readme_is_what_is_drawn_of_the_quickstart() -> None:
    text = draw(shipped("quickstart"), "svg")
    path = ROOT / "docs" / "quickstart.svg"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("style", ["mmd", "dot"])
def test_the_quickstart_is_drawn_as_its_golden_file_shows(style: str) -> None:
    text = draw(program(QUICK), style)
    path = GOLDEN / f"quickstart.{style}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_a_memory_is_drawn_as_a_store_once_for_the_crops_it_remembers() -> None:
    experiment = program(MEMORY)
    (line,) = [line for line in draw(experiment, "mmd").splitlines() if "queue" in line]
    assert line.split("[", 1)[1] == '("<b>queue(length=480)</b>")]'
    assert '[label="queue(length=480)", shape=cylinder' in draw(experiment, "dot")
    assert [b.kind for b in picture_of(experiment).boxes if b.title.startswith("queue")] == ["memory"]


def test_a_drawing_does_not_depend_on_the_run_that_makes_it() -> None:
    code = (
        "import sys; from ssldsl.check import check; from ssldsl.source import Source; "
        "from ssldsl.drawing import STYLES, draw; p = check(Source('teacher.ssl', sys.stdin.read())).unwrap(); "
        "sys.stdout.write(''.join(draw(p, style) for style in STYLES))"
    )
    command = [sys.executable, "-c", code]
    runs = [
        subprocess.run(
            command,
            input=TEACHER,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout


def test_the_page_reaches_for_nothing_outside_itself() -> None:
    page = draw(program(STAGES), "html").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|src=|href=|@import|url\(", page)


def test_the_page_knows_the_lines_of_every_box() -> None:
    page = draw(program(QUICK), "html")
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', page, re.S)[1])  # type: ignore[index]  # it is there
    assert facts["items"]["main/loss:vat"]["lines"][0] == [0, 9, 9]


def test_the_page_shows_types_and_how_far_the_gradient_reaches() -> None:
    page = draw(program(QUICK), "html")
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', page, re.S)[1])  # type: ignore[index]  # it is there
    about = dict(facts["items"]["main/head:rotation.angles"]["facts"])
    assert about["gradient"] == "reaches encoder, rotation.angles"
    assert about["gives"].startswith("Logits[4*B_")


def test_a_spec_cannot_end_the_script_it_is_embedded_in() -> None:
    text = QUICK.replace("run       = 30ep", "run       = 30ep   # </script><script>alert(1)</script>")
    assert draw(program(text), "html").count("</script>") == draw(program(QUICK), "html").count("</script>")


def test_shapes_are_on_the_edges_only_on_demand() -> None:
    assert "200×1×8×8" in texts_of(draw(program(QUICK), "svg", shapes=True))
    assert "200×1×8×8" not in texts_of(draw(program(QUICK), "svg"))


def test_a_size_that_only_the_data_know_has_its_name_alone() -> None:
    text = (
        QUICK.replace("digits()", "imagenet()").replace(" >> random_shift(1)", "").replace("images.test", "images.val")
    )
    for term in ("ce(labeled", "rotation(all", "vat(unlabeled"):
        text = text.replace(term, f"{term} >> random_resized_crop(32)")
    assert "50×3×height×width" in texts_of(draw(program(text), "svg", shapes=True))


def test_an_unknown_style_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'png'"):
        draw(program(QUICK), "png")


def test_a_quote_in_a_name_stays_inside_its_label() -> None:
    assert draw(program(STAGES), "dot").count('"') % 2 == 0


# --- where things stand -----------------------------------------------------------------------------------------


def overlaps(a: Rect, b: Rect) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("shapes", [False, True])
def test_no_box_lies_on_another(name: str, shapes: bool) -> None:
    boxes = arrange(picture_of(program(TEXTS[name])), shapes=shapes).boxes
    assert not [(a, b) for a, b in combinations(boxes, 2) if overlaps(boxes[a], boxes[b])]


@pytest.mark.parametrize("name", TEXTS)
def test_no_lane_runs_through_a_box_that_it_has_no_part_in(name: str) -> None:
    picture = picture_of(program(TEXTS[name]))
    layout = arrange(picture)
    for edge in (e for e in picture.edges if e.kind in ("data", "label", "eval")):
        others = [layout.boxes[b.id] for b in picture.boxes if b.id not in (edge.source, edge.target)]
        for x, y in layout.routes[edge.id].points:
            assert not any(r.x < x < r.right and r.y < y < r.bottom for r in others), edge.id


def test_every_box_lies_in_the_frame_of_its_stage() -> None:
    layout = arrange(picture_of(program(STAGES)))
    for box in layout.picture.boxes:
        frame, rect = layout.frames[box.stage], layout.boxes[box.id]
        assert frame.x <= rect.x and rect.right <= frame.right and frame.y <= rect.y and rect.bottom <= frame.bottom


def test_a_module_stands_under_itself_in_every_stage() -> None:
    layout = arrange(picture_of(program(STAGES)))
    assert len({layout.boxes[f"{stage}/net:encoder"].x for stage in ("rotnet", "readout", "finetune")}) == 1


def test_a_network_and_its_moving_average_stand_in_one_column() -> None:
    layout = arrange(picture_of(program(TEACHER)))
    for part in ("encoder", "classes"):
        pair = [r.x for id, r in layout.boxes.items() if id.split(":")[-1] in (part, f"teacher.{part}")]
        assert len(pair) == 2 and len(set(pair)) == 1


def test_labels_for_several_terms_pass_as_one_lane_and_part_in_front_of_them() -> None:
    layout = arrange(picture_of(program(CROPS)))
    labels = [e for e in layout.picture.edges if e.kind == "label" and "/loss:" in e.target]
    ways = [layout.routes[e.id].points for e in labels]
    assert len(ways) == 3 and len({way[:-1] for way in ways}) == 1 and len({way[-1] for way in ways}) == 3


def test_a_chip_says_as_many_settings_as_fit_and_no_long_list() -> None:
    assert chip_text("normalize([0.485, 0.456, 0.406], std=[0.2])") == "normalize([…], std=[0.2])"
    long = "random_resized_crop(224, scale=[0.25, 1], interpolation=bicubic)"
    assert chip_text(long) == "random_resized_crop(224, scale=[0.25, 1], …)"


def test_lanes_run_from_left_to_right() -> None:
    layout = arrange(picture_of(program(TEACHER)))
    for edge in (e for e in layout.picture.edges if e.kind in ("data", "label", "weight")):
        xs = [x for x, _ in layout.routes[edge.id].points]
        assert xs == sorted(xs)


@pytest.mark.parametrize("name", ["quickstart", "s4l_moam_imagenet"])
def test_the_quickstart_and_moam_fit_a_screen(name: str) -> None:
    layout = arrange(picture_of(shipped(name)))
    assert layout.width <= 1400 and layout.height <= 1080


def test_terms_stand_in_the_order_of_the_spec_where_that_costs_nothing() -> None:
    picture = picture_of(program(TEACHER))
    order = order_of(picture, "main", column_of(picture))
    terms = [slot.box for column in order.columns for slot in column if "/loss:" in slot.box]
    assert terms[0] == "main/loss:ce"


def test_untangling_finds_the_order_without_a_crossing() -> None:
    links = [(0, 4, 1.0), (0, 5, 1.0), (1, 3, 1.0), (2, 3, 1.0)]
    tangled = Untangling([[0, 1, 2], [3, 4, 5]], links, lambda a, b: 0.0)
    assert tangled.solve() == 0.0


def test_isotonic_regression_pools_what_runs_backwards() -> None:
    # by hand: 3 and 1 pool to 2, with weights 1 and 3 to 1.5
    assert isotonic([0.0, 3.0, 1.0], [1.0, 1.0, 3.0]) == [0.0, 1.5, 1.5]


def test_the_width_of_a_text_is_that_of_helvetica() -> None:
    # from the metrics of the typeface: H 722, e 556, l 222, l 222, o 556 thousandths
    assert text_width("Hello", 10) == pytest.approx(22.78)


def test_what_stands_in_a_box_has_its_planned_width_in_any_font() -> None:
    root = ElementTree.fromstring(draw(program(QUICK), "svg"))
    boxes = [g for g in root.iter() if g.get("class", "").split(" ")[0] in ("box", "pill")]
    inside = [e for g in boxes for e in g.iter() if e.tag.endswith("}text")]
    assert len(inside) > 20
    for element in inside:
        bold = element.get("font-weight") is not None
        planned = text_width(element.text or "", float(element.get("font-size", "")), bold=bold)
        assert float(element.get("textLength", "")) == pytest.approx(planned, abs=0.06)


def test_a_long_text_is_broken_at_its_spaces() -> None:
    assert wrapped("one two three", 10, 40) == ["one two", "three"]


# --- two methods ------------------------------------------------------------------------------------------------


def test_a_method_against_itself_has_nothing_marked() -> None:
    picture = picture_of(program(QUICK))
    marks = {thing.mark for side in compare_pictures(picture, picture) for thing in (*side.boxes, *side.edges)}
    assert marks == {"same"}


def test_a_changed_setting_marks_its_box_on_both_sides() -> None:
    pair = [picture_of(program(QUICK)), picture_of(program(QUICK, "vat.epsilon=2.0"))]
    first, second = compare_pictures(*pair)
    assert [b.title for b in first.boxes if b.mark == "changed"] == ["vat"]
    assert [b.title for b in second.boxes if b.mark == "changed"] == ["vat"]


def test_what_only_one_has_is_marked_as_removed_or_added() -> None:
    whole, fewer = picture_of(program(QUICK)), picture_of(program(QUICK, drops=("rotation",)))
    first, second = compare_pictures(whole, fewer)
    assert {b.title for b in first.boxes if b.mark == "removed"} == {"rotate4", "rotation.angles", "rotation"}
    assert not [b for b in second.boxes if b.mark == "added"]
    assert [b.title for b in compare_pictures(fewer, whole)[1].boxes if b.mark == "added"]


def test_what_both_have_stands_at_the_same_place() -> None:
    sheet = draw(program(QUICK), "svg", other=program(QUICK, drops=("vat",)))
    places: dict[str, set[str]] = {}
    for group in (g for g in ElementTree.fromstring(sheet).iter() if "box" in g.get("class", "").split()):
        shape = next(r for r in group if r.get("class") == "shape")
        places.setdefault(group.get("data-id", ""), set()).add(f"{shape.get('x')} {shape.get('y')}")
    assert {len(found) for found in places.values()} == {1}


@pytest.mark.parametrize("style", ["svg", "html", "mmd", "dot"])
def test_two_methods_of_different_stages_can_be_compared(style: str) -> None:
    assert "removed" in draw(program(STAGES), style, other=program(QUICK)) or style == "dot"


def test_each_side_has_its_own_caption() -> None:
    sheet = texts_of(draw(program(QUICK), "svg", other=program(QUICK, "run=5ep")))
    captions = [t for t in sheet if "epochs of unlabeled" in t]
    assert sorted(c.split()[0] for c in captions) == ["30", "5"]
