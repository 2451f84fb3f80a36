"""Every call of an op in these tests is held against the op's annotations."""

from ssldsl.ops.contract import check_contracts

check_contracts()
