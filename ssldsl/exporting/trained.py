"""A trained network of a run, with or without a head on it, ready to be written in some form."""

from pathlib import Path

import torch
from attrs import frozen
from torch import Tensor, nn

from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.graph.plan import ModulePlan, Plan
from ssldsl.runtime.evaluate.final_evaluator import Shapes
from ssldsl.runtime.evaluate.final_modules import final_modules
from ssldsl.runtime.folder.request import Request
from ssldsl.runtime.folder.run_folder import read_plan
from ssldsl.runtime.nets.build import ModuleBuilder
from ssldsl.runtime.nets.modules import find
from ssldsl.runtime.nets.outputs import only_first
from ssldsl.runtime.smoke.data import data_of


@frozen
class Trained:
    """A network by its path in the spec. head: what is applied to its features, if anything.

    op: of the library, that made the network. net: of several outputs it gives the first, its features.
    example: an input with two rows, of the shape that it was trained on.
    """

    path: str
    op: str
    net: nn.Module
    head: nn.Module | None
    example: Tensor

    @property
    def whole(self) -> nn.Module:
        """The network with its head."""
        return self.net if self.head is None else nn.Sequential(self.net, self.head)


def read_trained(folder: Path, *, net: str = "", head: str = "", stage: str = "", average: bool = True) -> Trained:
    """A network of a run as a stage left it. net: by default the first that the spec names.

    Raises R304 for a network, head or stage that the run does not have.
    """
    plan, request = read_plan(folder), Request.read(folder)
    checked = request.checked()
    checked.unwrap()
    spec_folder = Path(request.spec).parent
    chosen = _module(plan, folder, net, "net")
    top = _module(plan, folder, head, "head") if head else None
    modules = final_modules(folder, checked.library, stage=stage, average=average, spec_folder=spec_folder)
    datasets = data_of(plan, checked.library, spec_folder)
    fields = Shapes(plan, datasets)
    shape = next(ModuleBuilder(plan, fields, checked.library, folder=spec_folder).input_shapes(chosen.path))
    return Trained(
        chosen.path,
        chosen.op,
        only_first(find(modules, chosen.path)),
        find(modules, top.path) if top is not None else None,
        torch.zeros(shape),
    )


def _module(plan: Plan, folder: Path, name: str, kind: str) -> ModulePlan:
    modules = {module.path: module for module in plan.modules if module.kind == kind}
    if name and name not in modules:
        words = {"net": "network", "head": "head"}[kind]
        help_ = did_you_mean(name, list(modules)) or f"it has: {', '.join(modules)}"
        raise SpecError(Diagnostic("R304", f"the run in {folder} has no {words} `{name}`", help=help_))
    if not modules:
        raise SpecError(Diagnostic("R304", f"the run in {folder} has no {kind}"))
    return modules[name] if name else next(iter(modules.values()))
