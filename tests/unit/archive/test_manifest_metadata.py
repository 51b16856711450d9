"""What the line of a manifest says of metadata: kept whole, also what a later Matou says."""

import json
from datetime import UTC, datetime

from matou.archive.manifest import KindState, MetadataState, NamespaceLine, ReadState
from matou.archive.manifest.format_2 import read_line, write_line

SINCE = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def line(metadata: MetadataState) -> NamespaceLine:
    return NamespaceLine(id="1", name="harbour", path="harbour", archived=False, metadata=metadata, seen=True)


def test_a_line_says_what_was_read_of_its_metadata() -> None:
    kinds = {"issue": KindState(state=ReadState.BROKEN_OFF, items=3, since=SINCE, reason="503")}
    written = line(MetadataState(commit="5" * 40, saved_in=1, kinds=kinds))

    text = write_line(written)

    assert json.loads(text)["metadata"] == {
        "commit": "5" * 40,
        "saved_in": 1,
        "kinds": {"issue": {"state": "broken-off", "items": 3, "since": "2026-11-21T08:00:00Z", "reason": "503"}},
    }
    assert read_line(text) == written


def test_a_state_of_reading_that_a_later_matou_wrote_is_kept_and_is_not_done() -> None:
    written = write_line(line(MetadataState(kinds={"issue": KindState(state=ReadState.COMPLETE)})))
    text = written.replace(b'"complete"', b'"half-read","share":0.5')

    read = read_line(text)

    assert isinstance(read, NamespaceLine)
    assert read.metadata is not None
    assert not read.metadata.is_done
    assert json.loads(write_line(read)) == json.loads(text)
