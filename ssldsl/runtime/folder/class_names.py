"""What the labels of a run stand for: `classes.json` of its folder, where the data say it, by stage and data node."""

import json
from collections.abc import Mapping
from pathlib import Path

from ssldsl.graph.plan import StagePlan
from ssldsl.ir.walk import walk
from ssldsl.runtime.folder.run_folder import CLASSES, read_object

Names = tuple[str, ...]


def classes_text(names: Mapping[str, Mapping[str, Names]]) -> dict[str, str]:
    """The file with its text; nothing where no data have names. names: by stage and data node."""
    return {CLASSES: json.dumps(names, ensure_ascii=False) + "\n"} if any(names.values()) else {}


def class_names(folder: Path, stage: StagePlan, node: str) -> Names:
    """What the labels stand for that a node of a stage is made of; nothing where the data do not say it."""
    known = read_object(folder / CLASSES).get(stage.name, {})
    nodes = {n.id: n for n in stage.nodes}
    below = walk([node], lambda id_: nodes[id_].inputs if id_ in nodes else ())
    for id_ in below:
        if id_ in nodes and nodes[id_].op == "full_dataset" and nodes[id_].settings.get("field") == "label":
            names: list[str] = known.get(nodes[id_].inputs[0], [])
            if names:
                return tuple(names)
    return ()
