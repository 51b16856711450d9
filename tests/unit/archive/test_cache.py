"""What is kept of what can be computed again survives anything, or is not there."""

from pathlib import Path

import pytest

from matou.archive.cache import Journal, read_whole, write_whole

FRAMES = [b"first", b"second" * 100, b"", b"fourth"]


def journal(root: Path, form: str = "test 1") -> Journal:
    return Journal(root / "cache" / "7" / "journal", below=root, form=form)


def written(root: Path) -> bytes:
    writer = journal(root)
    assert list(writer.read()) == []
    for frame in FRAMES:
        writer.append(frame)
    return (root / "cache" / "7" / "journal").read_bytes()


def test_a_journal_gives_back_its_frames_in_order(tmp_path: Path) -> None:
    written(tmp_path)

    assert list(journal(tmp_path).read()) == FRAMES


def test_a_journal_cut_off_at_any_byte_keeps_what_was_whole_and_goes_on_behind_it(tmp_path: Path) -> None:
    content = written(tmp_path)
    path = tmp_path / "cache" / "7" / "journal"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        again = journal(tmp_path)
        kept = list(again.read())
        again.append(b"more")
        assert kept == FRAMES[: len(kept)]
        assert list(journal(tmp_path).read()) == [*kept, b"more"]


def test_a_journal_damaged_at_any_byte_gives_nothing_that_was_not_written(tmp_path: Path) -> None:
    content = written(tmp_path)
    path = tmp_path / "cache" / "7" / "journal"
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x40]) + content[place + 1 :])
        kept = list(journal(tmp_path).read())
        assert kept == FRAMES[: len(kept)]
        assert len(kept) < len(FRAMES)


def test_a_tail_of_zeros_such_as_a_power_cut_leaves_is_dropped(tmp_path: Path) -> None:
    content = written(tmp_path)
    (tmp_path / "cache" / "7" / "journal").write_bytes(content + bytes(4096))

    assert list(journal(tmp_path).read()) == FRAMES


def test_a_journal_of_another_form_reads_as_empty_and_is_begun_anew(tmp_path: Path) -> None:
    written(tmp_path)
    later = journal(tmp_path, form="test 2")

    assert list(later.read()) == []
    later.append(b"new")
    assert list(journal(tmp_path, form="test 2").read()) == [b"new"]


def test_two_writers_that_do_not_know_of_each_other_leave_nothing_that_neither_wrote(tmp_path: Path) -> None:
    written(tmp_path)
    one, other = journal(tmp_path), journal(tmp_path)
    list(one.read())
    list(other.read())

    one.append(b"one")
    other.append(b"other")
    one.append(b"one again")

    kept = list(journal(tmp_path).read())
    assert kept in (FRAMES, [*FRAMES, b"other"], [*FRAMES, b"one", b"one again"])


def test_a_journal_that_was_deleted_while_it_was_open_is_not_begun_in_the_middle(tmp_path: Path) -> None:
    written(tmp_path)
    writer = journal(tmp_path)
    list(writer.read())
    (tmp_path / "cache" / "7" / "journal").unlink()

    writer.append(b"lost")

    assert (tmp_path / "cache" / "7" / "journal").read_bytes() == b""


@pytest.mark.parametrize("length", [0, 3, 20, 40])
def test_a_whole_file_that_was_cut_off_is_not_there(tmp_path: Path, length: int) -> None:
    path = tmp_path / "cache" / "7" / "whole"
    write_whole(path, b"content" * 50, below=tmp_path, form="test 1")
    assert read_whole(path, form="test 1") == b"content" * 50
    assert read_whole(path, form="test 2") is None

    path.write_bytes(path.read_bytes()[:length])

    assert read_whole(path, form="test 1") is None
