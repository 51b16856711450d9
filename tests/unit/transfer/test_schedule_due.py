"""What is due, what is next, and what becomes of it: after a pause, a failure, a kill, and a clock that was set."""

from datetime import UTC, datetime, time, timedelta

import msgspec

from matou.archive.schedule_state import ScheduledRun, TaskState
from matou.model.recurrence import AtDistance, ByClock, ClockTime, Timing
from matou.transfer.schedule.due import (
    FIRST_RETRY,
    MOST_ATTEMPTS,
    ScheduledTask,
    begun,
    current_state,
    cut_off,
    ended,
    moment_due,
    next_begin,
)

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NIGHTLY = ScheduledTask("backup a", ("backup",), Timing(ByClock((ClockTime(time(2, 30)),), UTC)), "git", ("a",))
HOURLY = ScheduledTask("backup a", ("backup",), Timing(AtDistance(timedelta(hours=1))))


def due(task: ScheduledTask, state: TaskState, now: datetime) -> datetime | None:
    return moment_due(task, state, now, seed="seed")


def run(task: ScheduledTask, state: TaskState, due_at: datetime, code: int | None, took: timedelta) -> TaskState:
    began = due_at
    return ended(task, begun(state, due_at, began), ScheduledRun(began_at=began, ended_at=began + took, exit_code=code))


def test_what_is_new_waits_for_its_time_or_begins_at_once_where_it_has_none() -> None:
    nightly, hourly = (current_state(task, None, NOON) for task in (NIGHTLY, HOURLY))

    assert due(NIGHTLY, nightly, NOON) is None
    assert next_begin(NIGHTLY, nightly, NOON, seed="seed") == datetime(2026, 12, 2, 2, 30, tzinfo=UTC)
    assert due(HOURLY, hourly, NOON) == NOON
    assert (nightly.command, nightly.platform, nightly.hosts) == ("backup", "git", ("a",))


def test_nights_that_the_machine_slept_through_are_made_up_once() -> None:
    state = current_state(NIGHTLY, None, NOON)
    later = NOON + 5 * DAY

    missed = due(NIGHTLY, state, later)
    assert missed == datetime(2026, 12, 6, 2, 30, tzinfo=UTC)
    after = ended(NIGHTLY, begun(state, missed, later), ScheduledRun(began_at=later, ended_at=later, exit_code=0))
    assert due(NIGHTLY, after, later) is None


def test_what_passed_while_it_ran_through_is_not_done_again() -> None:
    through, failed = (run(HOURLY, current_state(HOURLY, None, NOON), NOON, code, 3 * DAY) for code in (0, 4))

    assert due(HOURLY, through, NOON + 3 * DAY) is None
    assert due(HOURLY, failed, NOON + 3 * DAY) == NOON + 3 * DAY


def test_what_may_go_better_later_is_tried_again_and_less_and_less_often() -> None:
    state, waits = current_state(NIGHTLY, None, NOON), []
    for _ in range(MOST_ATTEMPTS):
        state = run(NIGHTLY, state, state.due_at, 6, timedelta())
        waits.append(state.again_at and state.again_at - state.due_at)

    assert waits == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY, None]


def test_a_second_attempt_waits_until_it_is_time_and_gives_way_to_what_is_due_by_itself() -> None:
    state = run(NIGHTLY, current_state(NIGHTLY, None, NOON), NOON, 6, timedelta())

    assert next_begin(NIGHTLY, state, NOON, seed="seed") == NOON + FIRST_RETRY
    assert due(NIGHTLY, state, NOON) is None
    assert due(NIGHTLY, state, NOON + FIRST_RETRY) == NOON
    assert due(NIGHTLY, state, NOON + DAY) == datetime(2026, 12, 2, 2, 30, tzinfo=UTC)


def test_what_was_refused_or_damaged_is_not_tried_again_before_it_is_due() -> None:
    state = run(NIGHTLY, current_state(NIGHTLY, None, NOON), NOON, 4, timedelta())

    assert due(NIGHTLY, state, NOON + DAY / 2) is None


def test_what_was_killed_is_begun_again_but_not_for_ever() -> None:
    state = current_state(HOURLY, None, NOON)
    for _ in range(MOST_ATTEMPTS - 1):
        state = cut_off(begun(state, NOON, NOON), NOON)
        assert due(HOURLY, state, NOON) == NOON
    state = cut_off(begun(state, NOON, NOON), NOON)

    assert due(HOURLY, state, NOON) is None
    assert state.last is not None
    assert state.last.exit_code is None


def test_a_clock_that_was_years_ahead_does_not_stop_the_schedule_for_years() -> None:
    wrong = begun(current_state(NIGHTLY, None, NOON), NOON + 4000 * DAY, NOON + 4000 * DAY)
    wrong = msgspec.structs.replace(wrong, again_at=NOON + 4000 * DAY, running_since=None)

    state = current_state(NIGHTLY, wrong, NOON)

    assert due(NIGHTLY, state, NOON + DAY) == datetime(2026, 12, 2, 2, 30, tzinfo=UTC)


def test_a_clock_that_was_set_back_a_little_begins_nothing_twice() -> None:
    at = datetime(2026, 12, 2, 2, 30, tzinfo=UTC)
    state = run(NIGHTLY, current_state(NIGHTLY, None, NOON), at, 0, timedelta())
    before = at - timedelta(seconds=30)

    again = current_state(NIGHTLY, state, before)

    assert due(NIGHTLY, again, before) is None
    assert due(NIGHTLY, again, at + timedelta(minutes=1)) is None


def test_jitter_makes_it_begin_later_and_a_missed_one_waits_for_it_no_second_time() -> None:
    timing = Timing(NIGHTLY.timing.recurrence, timedelta(hours=2))
    task = ScheduledTask("backup a", ("backup",), timing)
    state, at = current_state(task, None, NOON), datetime(2026, 12, 2, 2, 30, tzinfo=UTC)
    begin = timing.begin_of(at, "seed")

    assert begin > at
    assert due(task, state, begin - timedelta(seconds=1)) is None
    assert due(task, state, begin) == at
    assert next_begin(task, state, at, seed="seed") == begin
