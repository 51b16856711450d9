"""What an archive's sources were found to be when they were saved last, and who was told: `notices.json`."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from matou.archive.layout import Archive
from matou.errors import Damaged
from matou.fs import flocked, translate_os_errors, write_atomically
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED, fault_of_json

STATE_FILE: Final = "notices.json"
LOCK_FILE: Final = "notices.lock"


class NoticesDamaged(Damaged):
    """notices.json cannot be read; nothing that was saved depends on it."""


class SourceResultState(msgspec.Struct, frozen=True, kw_only=True):
    """How a source was saved the last time.

    Attributes:
        exit_code: None where it was cut off.
        run: None where none began.
        not_saved: names of repositories, the first few.
        not_saved_count: all of them.
        complete_at: when all of it was saved the last time.
        failing_since: None where all of it is saved.
    """

    exit_code: int | None
    ended_at: datetime
    run: int | None = None
    not_saved: tuple[str, ...] = ()
    not_saved_count: int = 0
    complete_at: datetime | None = None
    failing_since: datetime | None = None


class SentNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody was told of a source last."""

    event: str
    sent_at: datetime


class NoticeState(msgspec.Struct, kw_only=True):
    """By the names of sources; what was sent by the names of recipients first.

    Attributes:
        known_since: when each source was first looked at.
        summarized_at: when each recipient got the last summary, or would have got it.
    """

    results: dict[str, SourceResultState] = {}
    sent: dict[str, dict[str, SentNotice]] = {}
    known_since: dict[str, datetime] = {}
    summarized_at: dict[str, datetime] = {}


def read_notices(archive: Archive) -> NoticeState:
    """What is there, or nothing. Raises NoticesDamaged."""
    path = archive.root / STATE_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=decodable(NoticeState))
    except FileNotFoundError:
        return NoticeState()
    except NOT_DECODED as error:
        raise NoticesDamaged(
            "{path} cannot be read: {reason}",
            path=path,
            reason=fault_of_json(error),
            advice="delete it: nothing that was saved depends on it",
        ) from error


@contextlib.contextmanager
def changing_notices(archive: Archive) -> Iterator[NoticeState]:
    """What is there, to be changed by one at a time; written when all went well. Raises NoticesDamaged, WriteFailed."""
    path = archive.root / LOCK_FILE
    with contextlib.ExitStack() as stack:
        with translate_os_errors(path):
            stack.enter_context(flocked(path, creates=True))
        state = read_notices(archive)
        before = msgspec.json.encode(state)
        yield state
        if msgspec.json.encode(state) != before:
            content = msgspec.json.format(msgspec.json.encode(state), indent=2)
            write_atomically(archive.root / STATE_FILE, content + b"\n")
