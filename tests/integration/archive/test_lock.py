"""The archive's lock among real processes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.archive.lock import ArchiveBusy, Holder, lock_archive, lock_for_reading
from matou.errors import TryLater

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HOLDER = """
import sys, pathlib
from datetime import datetime, UTC
from matou.archive.lock import lock_archive
with lock_archive(pathlib.Path(sys.argv[1]), now=datetime(2026, 11, 21, 8, 0, tzinfo=UTC), host="quay"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def holding(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen([sys.executable, "-c", HOLDER, root], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        yield child
        child.kill()


def test_a_second_process_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    with (
        holding(tmp_path) as child,
        pytest.raises(ArchiveBusy, match=f"process {child.pid} on quay since 2026-11-21T08:00:00Z") as caught,
        lock_archive(tmp_path, now=LATER),
    ):
        pass

    assert isinstance(caught.value, TryLater)


def test_the_lock_ends_with_a_process_that_is_killed_and_the_next_learns_since_when(tmp_path: Path) -> None:
    with holding(tmp_path) as child:
        child.kill()
        child.wait()

        with lock_archive(tmp_path, now=LATER) as lock:
            assert lock.previous_holder == Holder(host="quay", process=child.pid, since=NOW)


def test_a_lock_that_was_let_go_in_good_order_leaves_no_text(tmp_path: Path) -> None:
    with holding(tmp_path) as child:
        child.communicate(b"\n")

    assert (tmp_path / "lock").read_bytes() == b""
    with lock_archive(tmp_path, now=NOW) as lock:
        assert lock.previous_holder is None
        assert json.loads((tmp_path / "lock").read_bytes())["since"] == "2026-11-21T08:00:00Z"


def test_who_is_interrupted_leaves_the_text_to_the_next(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), lock_archive(tmp_path, now=NOW, host="quay"):
        raise KeyboardInterrupt

    with lock_archive(tmp_path, now=LATER) as lock:
        assert lock.previous_holder is not None
        assert lock.previous_holder.since == NOW


def test_one_process_does_not_hold_it_twice(tmp_path: Path) -> None:
    with lock_archive(tmp_path, now=NOW), pytest.raises(ArchiveBusy), lock_archive(tmp_path, now=NOW):
        pass


@pytest.mark.parametrize("text", [b"\0" * 70, b"{", b'{"host":"h"}', b"x" * 100_000])
def test_a_text_that_a_power_cut_spoilt_means_that_leftovers_may_be_of_any_age(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "lock").write_bytes(text)

    with lock_archive(tmp_path, now=NOW) as lock:
        assert lock.previous_holder == Holder(host="", process=0, since=datetime(1970, 1, 1, tzinfo=UTC))


def test_readers_keep_a_writer_out_but_not_each_other(tmp_path: Path) -> None:
    with lock_archive(tmp_path, now=NOW):
        pass

    with (
        lock_for_reading(tmp_path),
        lock_for_reading(tmp_path),
        pytest.raises(ArchiveBusy, match="another process"),
        lock_archive(tmp_path, now=NOW),
    ):
        pass


def test_a_reader_waits_for_no_writer_and_is_told_who_it_is(tmp_path: Path) -> None:
    with holding(tmp_path), pytest.raises(ArchiveBusy, match="quay"), lock_for_reading(tmp_path):
        pass


def test_a_reader_leaves_the_text_of_a_holder_that_was_killed(tmp_path: Path) -> None:
    with holding(tmp_path) as child:
        child.kill()
        child.wait()
    with lock_for_reading(tmp_path):
        pass

    with lock_archive(tmp_path, now=LATER) as lock:
        assert lock.previous_holder is not None


def test_an_archive_without_a_lock_file_can_be_read(tmp_path: Path) -> None:
    with lock_for_reading(tmp_path):
        assert list(tmp_path.iterdir()) == []
