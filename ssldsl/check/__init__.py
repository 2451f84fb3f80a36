"""The checker: names, types, shapes, labels, gradients, time and stages, before any tensor exists."""

from ssldsl.check.checking import Checked as Checked
from ssldsl.check.checking import check as check
from ssldsl.check.everything import check_everything as check_everything
