"""A session waits when it is told to, and holds a pace for all who share it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from matou.concurrency import Cancelled
from matou.errors import Refused, TryLater
from matou.http.rate_limit import RateLimiter
from matou.http.responses import (
    Answer,
)
from matou.http.retry import RetryPolicy
from matou.http.session import HeldTooLong, Session
from support.fault_proxy import FaultProxy, Status
from support.recording_server import RecordingServer, Reply, json_reply
from support.sessions import OK, get
from support.steered_clock import BEGINNING, SYSTEM_CLOCK, SteeredClock


@pytest.mark.parametrize(
    "limit",
    [
        Reply(403, headers={"X-RateLimit-Remaining": "0"}),
        Reply(403, b'{"message": "API rate limit exceeded"}'),
        Reply(403, b"<h1>403 Rate Limit Exceeded</h1>"),
        Reply(402, b'{"message": "Application has exceeded the rate limit"}'),
    ],
)
@pytest.mark.parametrize(
    ("header", "value", "least"),
    [
        ("Retry-After", "7", 7),
        ("X-RateLimit-Reset", str(int(BEGINNING.timestamp()) + 30), 30),
        ("X-RateLimit-Reset", "soon", 0.25),
    ],
)
def test_a_limit_that_is_told_in_the_place_of_a_refusal_is_waited_for_as_429_is(
    session: Session,
    recording_server: RecordingServer,
    time_: SteeredClock,
    limit: Reply,
    header: str,
    value: str,
    least: float,
) -> None:
    recording_server.replies = [replace(limit, headers={**limit.headers, header: value}), OK]

    assert get(session, recording_server).body == b"ok"
    assert least <= sum(time_.waits) <= least + 1


def test_a_403_with_requests_left_is_a_refusal(session: Session, recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(403, b"no right", headers={"X-RateLimit-Remaining": "10"}), OK]

    with pytest.raises(Refused):
        get(session, recording_server)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("retry_after", "least"), [("7", 7), ("Sat, 21 Nov 2026 08:00:30 GMT", 30), ("soon", 0.25), ("0", 0)]
)
def test_the_wait_is_at_least_what_the_server_asks_for(
    session: Session,
    recording_server: RecordingServer,
    time_: SteeredClock,
    status: int,
    retry_after: str,
    least: float,
) -> None:
    recording_server.replies = [Reply(status, headers={"Retry-After": retry_after}), OK]

    get(session, recording_server)

    assert least <= sum(time_.waits) <= least + 1


def test_every_fifth_call_refused_means_waiting_every_time_and_never_asking_too_early(
    recording_server: RecordingServer, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    """F-29, with real time: the waits are short."""
    recording_server.replies = [OK]
    proxy = fault_proxy(recording_server.url)
    proxy.add(Status(429, {"Retry-After": "0.2"}), every=5)
    with Session(named=[proxy.url], clock=SYSTEM_CLOCK, connections=4) as session, ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: get(session, proxy), range(16)))

    refused = [request.at for number, request in enumerate(proxy.requests, 1) if number % 5 == 0]
    under_way = 0.1
    assert len(recording_server.requests) == 16
    assert not [
        request.at
        for request in proxy.requests
        for moment in refused
        if moment + under_way < request.at < moment + 0.195
    ]


def test_patience_ends_after_so_many_attempts(recording_server: RecordingServer, time_: SteeredClock) -> None:
    recording_server.replies = [Reply(503)]
    with (
        Session(named=[recording_server.url], clock=time_.clock, patience=RetryPolicy(attempts=4)) as session,
        pytest.raises(TryLater),
    ):
        get(session, recording_server)

    assert (len(recording_server.requests), len(time_.waits)) == (4, 3)


def test_a_wait_that_would_end_too_late_is_not_begun_and_is_told(
    recording_server: RecordingServer, time_: SteeredClock
) -> None:
    recording_server.replies = [Reply(429, headers={"Retry-After": "3600"})]
    patience = RetryPolicy(total=timedelta(minutes=10))
    with (
        Session(named=[recording_server.url], clock=time_.clock, patience=patience) as session,
        pytest.raises(TryLater) as caught,
    ):
        get(session, recording_server)

    assert (len(recording_server.requests), time_.waits) == (1, [])
    assert caught.value.wait == timedelta(hours=1)


def test_an_answer_that_its_reader_finds_too_busy_is_asked_for_again(
    recording_server: RecordingServer, time_: SteeredClock
) -> None:
    """CODING says RequestLimitExceeded within a 200."""
    recording_server.replies = [json_reply({"Error": "RequestLimitExceeded"}), json_reply({"Data": 1})]
    limiter = RateLimiter(monotonic=time_.clock.monotonic, per_second=10, burst=1)

    def check(answer: Answer) -> None:
        if b"RequestLimitExceeded" in answer.body:
            raise TryLater("the platform asks for fewer requests")

    with Session(named=[recording_server.url], clock=time_.clock, limiter=limiter) as session:
        answer = session.request("POST", recording_server.url, repeatable=True, pace="DescribeTeam", check=check)

    assert answer.body == b'{"Data": 1}'
    assert limiter.reserve("DescribeTeam") > 0.15


def test_a_hold_is_for_all_who_share_the_pace(
    session: Session, recording_server: RecordingServer, time_: SteeredClock
) -> None:
    recording_server.replies = [Reply(429, headers={"Retry-After": "20"}), OK]
    with pytest.raises(TryLater):
        session.request("POST", recording_server.url, repeatable=False, pace="DescribeTeam")

    session.request("POST", recording_server.url, repeatable=False, pace="DescribeProject")
    waits_of_another_pace = list(time_.waits)
    session.request("POST", recording_server.url, repeatable=False, pace="DescribeTeam")

    assert (waits_of_another_pace, time_.waits) == ([], [20])


def test_only_what_names_a_pace_is_slowed_down_to_it(recording_server: RecordingServer, time_: SteeredClock) -> None:
    """A thousand repositories are asked within a second, while an API allows a few calls."""
    recording_server.replies = [OK]
    limiter = RateLimiter(monotonic=time_.clock.monotonic, per_second=2, burst=1)
    with Session(named=[recording_server.url], clock=time_.clock, limiter=limiter) as session:
        for _ in range(50):
            get(session, recording_server)
        unpaced = sum(time_.waits)
        for _ in range(5):
            session.request("POST", recording_server.url, repeatable=True, pace="DescribeTeam")

    assert (unpaced, sum(time_.waits)) == (0, 2.0)


def test_a_hold_is_for_what_names_no_pace_too(
    session: Session, recording_server: RecordingServer, time_: SteeredClock
) -> None:
    recording_server.replies = [Reply(503, headers={"Retry-After": "20"}), OK]
    with pytest.raises(TryLater):
        session.request("POST", recording_server.url, repeatable=False)

    get(session, recording_server, "/another")

    assert time_.waits == [20]


def test_who_is_sent_away_for_hours_does_not_wait_for_them(
    session: Session, recording_server: RecordingServer, time_: SteeredClock
) -> None:
    recording_server.replies = [Reply(429, headers={"Retry-After": "7200"}), OK]
    with pytest.raises(TryLater):
        session.request("POST", recording_server.url, repeatable=False)

    with pytest.raises(HeldTooLong) as caught:
        get(session, recording_server, "/another")

    assert caught.value.wait == timedelta(hours=2)
    assert (len(recording_server.requests), time_.waits) == (1, [])


def test_cancelling_ends_a_wait_at_once(recording_server: RecordingServer) -> None:
    recording_server.replies = [Reply(503, headers={"Retry-After": "60"})]
    before = time.monotonic()
    with Session(named=[recording_server.url], clock=SYSTEM_CLOCK) as session, ThreadPoolExecutor(1) as threads:
        request = threads.submit(get, session, recording_server)
        while not recording_server.requests:
            time.sleep(0.01)
        time.sleep(0.1)
        session.cancel()
        with pytest.raises(Cancelled):
            request.result()

    assert time.monotonic() - before < 5


def test_too_many_requests_without_a_time_waits_as_long_as_the_platform_is_known_to_count(
    recording_server: RecordingServer, time_: SteeredClock
) -> None:
    recording_server.replies = [Reply(429, b"too many"), OK]
    patience = RetryPolicy(after_429=timedelta(minutes=1))
    with Session(named=[recording_server.url], clock=time_.clock, jitter=lambda: 0.0, patience=patience) as session:
        get(session, recording_server)

    assert time_.waits[0] == 60


def test_a_failure_of_another_kind_is_waited_for_as_ever(
    recording_server: RecordingServer, time_: SteeredClock
) -> None:
    recording_server.replies = [Reply(503, b"later"), OK]
    patience = RetryPolicy(after_429=timedelta(minutes=1))
    with Session(named=[recording_server.url], clock=time_.clock, jitter=lambda: 0.5, patience=patience) as session:
        get(session, recording_server)

    assert time_.waits == [0.5]


def test_a_turn_that_is_far_off_is_told_once_and_not_again_for_each_request(
    recording_server: RecordingServer, time_: SteeredClock
) -> None:
    recording_server.replies = [OK]
    told: list[tuple[str, timedelta]] = []
    with Session(
        named=[recording_server.url],
        clock=time_.clock,
        limiter=RateLimiter(monotonic=time_.clock.monotonic, per_second=0.5, burst=1),
        on_wait=lambda error, wait: told.append((str(error), wait)),
    ) as session:
        for _ in range(4):
            session.request("GET", recording_server.url, repeatable=True, pace="slow")

    assert told == [("requests are sent no faster than the platform allows", timedelta(seconds=2))]
    assert time_.waits == [2, 2, 2]
