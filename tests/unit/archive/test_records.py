"""Records are what the platform said, byte for byte."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from matou.archive.records import DamagedRecords, RecordWriter, read_records
from matou.model.platform import Record

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "body", [b"", b'{"Response":{}}', "码头\r\n\0".encode(), b"\xff\xfe not text", b"x" * 3_000_000]
)
def test_an_answer_is_kept_byte_for_byte(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "records.jsonl.zst"

    with RecordWriter(path) as records:
        records(Record(NOW, "DescribeCodingProjects", {"PageNumber": 1, "名": None}, 200, body))

    assert list(read_records(path)) == [Record(NOW, "DescribeCodingProjects", {"PageNumber": 1, "名": None}, 200, body)]


def test_records_are_plain_json_lines_for_whoever_has_zstd(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl.zst"

    with RecordWriter(path) as records:
        records(Record(NOW, "A", {}, 500, b"\xff"))

    with zstandard.open(path, "rt") as file:
        assert file.read() == (
            '{"at":"2026-11-21T08:00:00Z","request":"A","parameters":{},"status":500,"body":{"base64":"/w=="}}\n'
        )


def test_records_of_many_threads_and_frames_are_all_there(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl.zst"
    records = RecordWriter(path)
    threads = [threading.Thread(target=records, args=(Record(NOW, "A", {}, 200, b"y" * 100_000),)) for _ in range(40)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records.close()

    assert [len(record.body) for record in read_records(path)] == [100_000] * 40


def test_a_file_that_was_cut_off_gives_what_it_holds_and_then_says_so(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl.zst"
    for number in range(2):
        with RecordWriter(path) as records:
            records(Record(NOW, f"call {number}", {}, 200, b"body"))
    path.write_bytes(path.read_bytes()[:-9])
    seen: list[str] = []

    with pytest.raises(DamagedRecords, match=r"records\.jsonl\.zst"):
        seen.extend(record.request for record in read_records(path))
    whole = read_records(path)

    assert next(whole).request == "call 0"


def bodies_or_damage(path: Path) -> list[bytes] | None:
    try:
        return [record.body for record in read_records(path)]
    except DamagedRecords:
        return None


@pytest.mark.parametrize("bit", range(8))
def test_no_flipped_bit_changes_what_is_read(tmp_path: Path, bit: int) -> None:
    path = tmp_path / "records.jsonl.zst"
    body = b"body of some length, so that there is something to damage"
    with RecordWriter(path) as records:
        records(Record(NOW, "call", {}, 200, body))
    text = path.read_bytes()

    seen = []
    for offset in range(len(text)):
        path.write_bytes(text[:offset] + bytes([text[offset] ^ (1 << bit)]) + text[offset + 1 :])
        seen.append(bodies_or_damage(path))

    # One bit of a frame's header has no meaning, so a few flips may change nothing.
    assert all(bodies in (None, [body]) for bodies in seen)
    assert seen.count(None) >= len(text) - 2


@pytest.mark.parametrize("cut_bytes", range(1, 30))
def test_every_cut_inside_a_frame_is_found(tmp_path: Path, cut_bytes: int) -> None:
    path = tmp_path / "records.jsonl.zst"
    with RecordWriter(path) as records:
        records(Record(NOW, "call", {}, 200, b"body"))
    path.write_bytes(path.read_bytes()[:-cut_bytes])

    assert bodies_or_damage(path) is None
