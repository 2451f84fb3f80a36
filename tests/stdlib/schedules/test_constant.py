from ssldsl.stdlib.schedules.constant import constant


def test_holding_is_one() -> None:
    assert constant(3, 10, length=5) == 1
