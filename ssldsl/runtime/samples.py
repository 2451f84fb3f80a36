"""Data sets as the runtime sees them: the names it uses of `ssldsl.ops`."""

from ssldsl.ops.data import Samples, Splits
from ssldsl.ops.places import BrokenData, MissingData
from ssldsl.ops.samples import FileSamples, MemorySamples

__all__ = ["BrokenData", "FileSamples", "MemorySamples", "MissingData", "Samples", "Splits"]
