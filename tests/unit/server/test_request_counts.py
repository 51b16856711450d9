"""Requests are counted by what the server calls them, never by what a client writes."""

from matou.server.watch.request_counts import SECONDS, RequestCounts, RequestKind


def test_a_request_is_in_the_bucket_of_its_duration_alone() -> None:
    counts = RequestCounts()
    counts.count("page", "GET", 200, seconds=0.005)
    counts.count("page", "GET", 204, seconds=0.0051)
    counts.count("page", "GET", 200, seconds=1000)

    durations = counts.snapshot()[RequestKind("page", "GET", "2xx")]

    assert durations.counts == [1, 1, *[0] * (len(SECONDS) - 2), 1]
    assert durations.sum_seconds == 1000.0101


def test_methods_and_statuses_are_few_whatever_comes() -> None:
    counts = RequestCounts()
    for number in range(1000):
        counts.count("", f"X{number}", None, seconds=0)

    assert list(counts.snapshot()) == [RequestKind("other", "other", "left")]
