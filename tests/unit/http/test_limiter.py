from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from matou.http.rate_limit import RateLimiter


class Time:
    """A clock that moves when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def turns(limiter: RateLimiter, time: Time, count: int, key: str = "team") -> list[float]:
    """Take turns one after the other, waiting as told; give the moment of each."""
    moments = []
    for _ in range(count):
        time.seconds += limiter.reserve(key)
        moments.append(time.seconds)
    return moments


@given(
    pauses=st.lists(st.floats(0, 3), min_size=2, max_size=60),
    per_second=st.floats(0.5, 50),
    burst=st.integers(1, 20),
)
def test_no_stretch_of_time_has_more_turns_than_burst_and_rate_allow(
    pauses: list[float], per_second: float, burst: int
) -> None:
    time = Time()
    limiter = RateLimiter(monotonic=time, per_second=per_second, burst=burst)
    moments = []
    for pause in pauses:
        time.seconds += pause
        moments += turns(limiter, time, 1)

    stretches = [(start, end) for start in range(len(moments)) for end in range(start + 1, len(moments) + 1)]
    assert all(
        end - start <= burst + per_second * (moments[end - 1] - moments[start]) + 1e-6 for start, end in stretches
    )


def test_keys_do_not_wait_for_one_another() -> None:
    limiter = RateLimiter(monotonic=Time(), per_second=1, burst=1)

    waits = [limiter.reserve(key) for key in ("DescribeDepot", "DescribeDepot", "DescribeTeam")]

    assert waits == [0, 1, 0]


def test_a_complaint_halves_the_rate_and_time_brings_it_back() -> None:
    time = Time()
    limiter = RateLimiter(monotonic=time, per_second=10, burst=1)

    limiter.slow_down("team")
    slow = turns(limiter, time, 21)
    time.seconds += 120
    fast = turns(limiter, time, 21)

    assert slow[20] - slow[0] > 2.5
    assert fast[20] - fast[0] < 2.05


def test_threads_that_were_refused_together_are_one_complaint() -> None:
    once, often = RateLimiter(monotonic=Time(), per_second=10), RateLimiter(monotonic=Time(), per_second=10)

    once.slow_down("team")
    for _ in range(8):
        often.slow_down("team")

    assert once.reserve("team") == often.reserve("team")


def test_complaints_never_bring_the_rate_to_nothing() -> None:
    time = Time()
    limiter = RateLimiter(monotonic=time, per_second=32)
    for _ in range(100):
        time.seconds += 1
        limiter.slow_down("team")

    assert turns(limiter, time, 2)[1] - time.seconds < 2


def test_nobody_asks_before_a_hold_is_over() -> None:
    time = Time()
    limiter = RateLimiter(monotonic=time)

    limiter.hold("team", timedelta(seconds=5))
    limiter.hold("team", timedelta(seconds=2))

    assert [limiter.reserve("team"), limiter.reserve("another")] == [5, 0]


def test_a_hold_is_seen_without_taking_a_turn() -> None:
    limiter = RateLimiter(monotonic=lambda: 100.0, per_second=1, burst=1)
    limiter.hold("a", timedelta(seconds=7))

    assert (limiter.held("a"), limiter.held("a"), limiter.held("b")) == (7.0, 7.0, 0.0)


def test_what_the_other_side_does_not_count_costs_a_tenth() -> None:
    time = Time()
    limiter = RateLimiter(monotonic=time, per_second=1, burst=1)
    began = time.seconds

    for _ in range(100):
        time.seconds += limiter.reserve("team")
        limiter.give_back("team")

    assert 9 < time.seconds - began < 11
