from ssldsl.stdlib.schedules.constant import constant

SETTINGS = {"length": 5.0}  # with which the tests of all ops call it


def test_holding_is_one() -> None:
    assert constant(3, 10, length=5) == 1
