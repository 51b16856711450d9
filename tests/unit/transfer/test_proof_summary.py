"""What the overview says of proofs: how many repositories of code, and when."""

from datetime import UTC, datetime
from pathlib import Path

from matou.transfer.common.proofs import METADATA_PREFIX, NO_DAMAGE, Proofs, summarize_proofs

EARLY = datetime(2026, 3, 1, tzinfo=UTC)


def test_metadata_repositories_are_not_counted_among_those_of_code(tmp_path: Path) -> None:
    notes = tmp_path / "verified.json"
    first = Proofs({}, now=EARLY)
    first.add("team/ship", "state", faults=())
    first.add(f"{METADATA_PREFIX}team/ship", "state", faults=())
    first.save(notes, damage=NO_DAMAGE)

    summary = summarize_proofs(notes)

    assert (summary.repositories, summary.oldest, summary.newest) == (1, EARLY, EARLY)


def test_without_a_note_nothing_is_proven(tmp_path: Path) -> None:
    summary = summarize_proofs(tmp_path / "verified.json")

    assert (summary.repositories, summary.oldest, summary.newest) == (0, None, None)
