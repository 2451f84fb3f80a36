from ssldsl.stdlib.schedules.pulse import pulse

SETTINGS = {"every": 3.0}


def test_it_is_one_at_the_last_step_of_every_period() -> None:
    assert [pulse(step, 100, every=3) for step in range(8)] == [0, 0, 1, 0, 0, 1, 0, 0]
    assert [pulse(step, 100, every=1) for step in range(3)] == [1, 1, 1]


def test_periods_that_are_no_whole_number_of_steps_come_as_often_as_they_are_long() -> None:
    assert sum(pulse(step, 100, every=2.5) for step in range(100)) == 40
