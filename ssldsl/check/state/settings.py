"""The names of the settings of a stage, and the words that some of them choose from."""

from collections.abc import Mapping

CHOICES: Mapping[str, tuple[str, ...]] = {
    "forward": ("concat", "separate"),
    "precision": ("fp32", "bf16", "fp16"),
    "statistics": ("global", "local"),
}
STAGE_SETTINGS = (
    "loss",
    "optimizer",
    "groups",
    "batch",
    "run",
    "clock",
    "average",
    "clip",
    "accumulate",
    "compile",
    "evaluate",
    *CHOICES,
)
SHARED_SETTINGS = ("seed", "precision", "compile", "statistics", "evaluate", "forward")  # may stand above the stages
