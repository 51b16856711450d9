"""A log that cannot be written loses lines, and says how many; it never raises."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, cast

import pytest

from matou.server.log import LogFile


class Stream:
    """What has a descriptor, as the standard streams have."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor


def log_to(descriptor: int) -> LogFile:
    return LogFile(cast("TextIO", Stream(descriptor)))


@pytest.fixture
def full() -> Iterator[int]:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    descriptor = os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


def test_a_full_disk_raises_nothing(full: int) -> None:
    log_to(full).info("pushed")


def test_a_reader_that_has_gone_raises_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)

    log_to(writer).error("pushed")

    os.close(writer)


def test_without_a_stream_nothing_is_written_anywhere() -> None:
    LogFile(None).info("pushed")


def test_how_many_lines_were_lost_comes_before_the_next_one(full: int, tmp_path: Path) -> None:
    place = tmp_path / "log"
    file = os.open(place, os.O_WRONLY | os.O_CREAT)
    log, room = log_to(file), os.dup(file)
    os.dup2(full, file)
    log.info("one")
    log.info("two")

    os.dup2(room, file)
    log.info("three")
    log.info("four")

    assert place.read_text() == "[warning  ] log_lines_lost lines=2\nthree\nfour\n"
    os.close(file)
    os.close(room)


def test_what_follows_half_a_line_begins_a_line_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, writes = tmp_path / "log", []
    file, real = os.open(place, os.O_WRONLY | os.O_CREAT), os.write

    def write(descriptor: int, text: bytes) -> int:
        writes.append(text)
        if len(writes) == 2:
            raise OSError(28, "No space left on device")
        return real(descriptor, text[:3] if len(writes) == 1 else text)

    log = log_to(file)
    monkeypatch.setattr(os, "write", write)
    log.info("torn")
    monkeypatch.undo()
    log.info("whole")

    assert place.read_text() == "tor\n[warning  ] log_lines_lost lines=1\nwhole\n"
    os.close(file)


def test_what_is_no_text_is_written_all_the_same(tmp_path: Path) -> None:
    place = tmp_path / "log"
    file = os.open(place, os.O_WRONLY | os.O_CREAT)

    log_to(file).info("\udcff")

    assert place.read_bytes() == b"\\udcff\n"
    os.close(file)
