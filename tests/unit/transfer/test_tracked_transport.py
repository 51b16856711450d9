"""What a channel knows of how the last request failed: whether the session has repeated it, or the run is to."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import pytest

from matou.concurrency import CancellationToken
from matou.errors import TryLater
from matou.transfer.backup.report import SILENCE
from matou.transfer.backup.tracked_transport import RequestCounter, TrackedTransport


class Breaking:
    """Fails as it is opened, or while its answer is read."""

    def __init__(self, *, at_once: bool) -> None:
        self.at_once = at_once

    @contextmanager
    def exchange(self, url: str, service: str, body: bytes, *, protocol: int = 2) -> Iterator[BytesIO]:
        if self.at_once:
            raise TryLater("{url}: answered 503", url=url)
        yield BytesIO(b"begun")

    def advertise(self, url: str, service: str) -> bytes:
        raise AssertionError


def opened(*, at_once: bool) -> TrackedTransport:
    channel = TrackedTransport(
        Breaking(at_once=at_once), "http://h/r.git", "team/ship", CancellationToken(), RequestCounter(), SILENCE
    )
    with pytest.raises(TryLater), channel.exchange("http://h/r.git", "git-upload-pack", b""):
        raise TryLater("it broke off")
    return channel


def test_what_failed_before_it_began_was_repeated_by_the_session_already() -> None:
    channel = opened(at_once=True)

    assert (channel.was_repeated, channel.broke_off) == (True, False)


def test_what_broke_off_is_for_the_run_to_ask_again() -> None:
    channel = opened(at_once=False)

    assert (channel.was_repeated, channel.broke_off) == (False, True)
