"""The table of former names leads to names that are there, and no former name is still one."""

import tomllib

import pytest

from ssldsl.ops import renamed
from ssldsl.ops.library import Library
from ssldsl.resources import stdlib
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse_file

TABLE = tomllib.loads((stdlib() / "renamed.toml").read_text("utf-8"))
LIBRARY = Library.shipped()


