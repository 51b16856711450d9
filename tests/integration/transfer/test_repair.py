"""What is damaged is made whole again: from sound packs by `verify --repair`, from the source by the next backup."""

import os
import random
from pathlib import Path

import pytest

from integration.transfer.damaged_archives import (
    API,
    NOW,
    archive,
    backed_up,
    change,
    check,
    flip,
    overwrite,
    packs,
    source,
)
from matou.archive.layout import Archive
from matou.archive.lock import ArchiveBusy, lock_for_reading
from matou.transfer.restore.command import restore
from support.scripted_source import (
    ScriptedSource,
    back_up,
    commit,
    git,
    mirror,
    open_archive,
    outcomes,
    refs_of,
    repository_lines,
)

__all__ = ["archive", "source"]


@pytest.mark.parametrize("harm", ["damaged", "missing"])
def test_an_index_is_made_anew_by_repair(archive: Archive, harm: str) -> None:
    index = packs(archive)[0].with_suffix(".idx")
    content = index.read_bytes()
    index.unlink()
    for damaged in [content[:-1] + bytes([content[-1] ^ 1])] * (harm == "damaged"):
        index.write_bytes(damaged)
    found = check(archive)

    report = check(archive, repair=True)

    assert not found.is_whole
    assert (report.problems, report.repaired) == ((), (index.relative_to(archive.root).as_posix(),))
    assert index.read_bytes() == content
    assert check(archive).is_whole


@pytest.mark.parametrize(
    ("made_by", "name"),
    [
        (("commit-graph", "write", "--reachable"), "info/commit-graph"),
        (("commit-graph", "write", "--reachable", "--split"), "info/commit-graphs/*.graph"),
        (("multi-pack-index", "write"), "pack/multi-pack-index"),
        (("repack", "-adbq", "--write-midx"), "pack/*.bitmap"),
        (("-c", "pack.writeReverseIndex=true", "repack", "-adfq"), "pack/*.rev"),
    ],
)
def test_what_only_makes_git_quicker_is_made_anew_or_taken_away_by_repair(
    archive: Archive, made_by: tuple[str, ...], name: str
) -> None:
    git_dir = mirror(archive, API, run=1)
    git(git_dir, *made_by)
    (path,) = (git_dir / "objects").glob(name)
    flip(path, 0.5)
    found = check(archive)

    report = check(archive, repair=True)

    assert path.relative_to(archive.root).as_posix() in [problem.path for problem in found.problems]
    assert report.problems == ()
    assert report.repaired != ()
    assert git(git_dir, "fsck", "--full", "--strict") == ""


def test_repair_keeps_out_who_reads(archive: Archive) -> None:
    with lock_for_reading(archive.root), pytest.raises(ArchiveBusy):
        check(archive, repair=True)


@pytest.mark.parametrize("part", [0.01, 0.3, 0.6, 0.999])
def test_a_damaged_pack_is_fetched_again_by_the_next_run(source: ScriptedSource, archive: Archive, part: float) -> None:
    flip(packs(archive)[0], part)
    found = check(archive)

    backed_up(source, archive)
    again = check(archive)
    backed_up(source, archive)

    assert not found.is_whole
    assert again.problems == ()
    assert [outcomes(archive, run)[API] for run in (2, 3)] == ["saved", "unchanged"]
    assert "fetched again" in (repository_lines(archive, 2)[API].reason or "")


@pytest.mark.parametrize("harm", ["pack", "index", "both", "objects"])
def test_what_is_missing_of_a_repository_is_fetched_again(source: ScriptedSource, archive: Archive, harm: str) -> None:
    pack = packs(archive)[0]
    if harm in ("pack", "both"):
        pack.unlink()
    if harm in ("index", "both"):
        pack.with_suffix(".idx").unlink()
    if harm == "objects":
        for path in pack.parent.iterdir():
            path.unlink()
        pack.parent.rmdir()
        (pack.parent.parent / "info").rmdir()
        pack.parent.parent.rmdir()
    check(archive)

    backed_up(source, archive)

    assert outcomes(archive, 2)[API] == "saved"
    assert check(archive).problems == ()


def test_what_only_the_archive_has_is_read_out_of_a_damaged_pack(
    source: ScriptedSource, archive: Archive, tmp_path: Path
) -> None:
    tip = overwrite(source, archive)
    git_dir = mirror(archive, API, run=1)
    git(git_dir, "repack", "-adq", "--keep-unreachable")
    (pack,) = packs(archive)
    blob = git(source.git_dir(API), "rev-parse", "main:file-0")
    offset = next(
        int(line.split()[4]) for line in git(git_dir, "verify-pack", "-v", str(pack)).splitlines() if blob in line
    )
    change(pack, lambda content: content[: offset + 20] + bytes([content[offset + 20] ^ 1]) + content[offset + 21 :])
    check(archive)

    backed_up(source, archive)

    assert check(archive).problems == ()
    assert git(git_dir, "cat-file", "-t", tip) == "commit"
    assert not (archive.root / "damaged").exists()
    assert restore(archive, to=tmp_path / "out", at=2, now=NOW).problems == ()


def test_what_nobody_can_read_any_more_is_set_aside_and_named(source: ScriptedSource, archive: Archive) -> None:
    tip = overwrite(source, archive)
    git_dir = mirror(archive, API, run=1)
    git(git_dir, "repack", "-adq", "--keep-unreachable")
    (pack,) = packs(archive)
    offset = next(
        int(line.split()[4]) for line in git(git_dir, "verify-pack", "-v", str(pack)).splitlines() if tip in line
    )
    change(pack, lambda content: content[: offset + 6] + bytes([content[offset + 6] ^ 1]) + content[offset + 7 :])
    damaged = pack.read_bytes()
    check(archive)

    backed_up(source, archive)
    report = check(archive)
    requests_seen = backed_up(source, archive)

    (aside,) = (archive.root / "damaged" / "000004").rglob(pack.name)
    assert aside.read_bytes() == damaged
    assert refs_of(git_dir)["refs/heads/main"] == refs_of(source.git_dir(API))["refs/heads/main"]
    assert all("kept" in str(problem) or tip in str(problem) for problem in report.problems)
    assert report.problems != ()
    assert [body for _, body in requests_seen.transport.bodies if b"command=fetch" in body] == []


def aged(archive: Archive) -> None:
    """Everything was last changed so long ago that no process can be at work on it."""
    for path in archive.repositories.rglob("*"):
        os.utime(path, (0, 0))


@pytest.mark.parametrize("is_sound", [True, False])
def test_a_pack_that_has_lost_its_index_is_no_leftover(
    source: ScriptedSource, archive: Archive, is_sound: bool
) -> None:
    """Nobody has asked verify: the next push made the run take away what only the archive had."""
    tip = overwrite(source, archive)
    git_dir = mirror(archive, API, run=1)
    git(git_dir, "repack", "-adq", "--keep-unreachable")
    (pack,) = packs(archive)
    pack.with_suffix(".idx").unlink()
    if not is_sound:
        flip(pack, 0.5)
    held = pack.read_bytes()
    aged(archive)

    commit(source.git_dir(API), "refs/heads/main", {"new": "new"})
    back_up(source, archive)

    if is_sound:
        assert check(archive).problems == ()
        assert git(git_dir, "cat-file", "-t", tip) == "commit"
    assert held in [path.read_bytes() for path in archive.root.rglob(pack.name)]
    assert refs_of(source.git_dir(API)).items() <= refs_of(git_dir).items()


@pytest.mark.parametrize("harm", ["flipped", "lost", "cut"])
def test_a_note_or_a_configuration_that_is_no_text_stops_nobody(
    source: ScriptedSource, archive: Archive, harm: str
) -> None:
    config = mirror(archive, API, run=1) / "config"
    check(archive)
    for path in (archive.proofs, config):
        if harm == "lost":
            path.unlink()
        else:
            change(path, lambda text: text.replace(b"o", b"\xff") if harm == "flipped" else text[: len(text) // 2])

    check(archive)
    commit(source.git_dir(API), "refs/heads/main", {"new": "new"})
    back_up(source, archive)

    assert outcomes(archive, 2)[API] == "saved"
    assert check(archive).problems == ()


@pytest.mark.parametrize("text", [b"", b"[core\n\0", None])
def test_a_configuration_that_was_damaged_since_the_last_proof_is_named_and_repaired(
    archive: Archive, text: bytes | None
) -> None:
    """Git itself does nothing with such a repository, and verify relied on what it had proven before."""
    check(archive)
    config = mirror(archive, API, run=1) / "config"
    config.unlink()
    if text is not None:
        config.write_bytes(text)

    found = check(archive)
    repaired = check(archive, repair=True)

    assert not found.is_whole or text != b"[core\n\0"
    assert repaired.problems == ()
    assert [path.rpartition("/")[2] for path in repaired.repaired] == ["config"]
    assert b"bare = true" in config.read_bytes()


@pytest.mark.parametrize("keep", [0, 8, 600])
def test_an_index_that_is_damaged_stops_no_other_repository(
    source: ScriptedSource, archive: Archive, keep: int
) -> None:
    """What libgit2 says of it is no error of ours: the run ended with a traceback, and without a manifest."""
    other = source.repository("other", source.projects[0])
    commit(other, "refs/heads/main", {"a": "a"})
    change(packs(archive)[0].with_suffix(".idx"), lambda index: index[:keep])
    for name in refs_of(source.git_dir(API)):
        git(source.git_dir(API), "update-ref", "-d", name)
    (mirror(archive, API, run=1) / "HEAD").write_bytes(b"ref: refs/heads/other\n")

    back_up(source, archive)

    assert outcomes(archive, 2)["101"] == "saved"


@pytest.mark.parametrize("back", [21, 41, 45, 100, 200])
def test_an_index_is_made_anew_whichever_byte_of_it_is_damaged(archive: Archive, tmp_path: Path, back: int) -> None:
    """Git compared the pack's objects with what the damaged index said was there, and gave up."""
    pack = packs(archive)[0]
    change(pack.with_suffix(".idx"), lambda index: index[:-back] + bytes([index[-back] ^ 0x55]) + index[1 - back :])

    restored = restore(archive, to=tmp_path / "out", now=NOW)
    repaired = check(archive, repair=True)

    assert restored.problems == ()
    assert repaired.problems == ()
    assert not list(pack.parent.glob("tmp_*"))


def test_one_bad_object_takes_none_of_the_others_away(source: ScriptedSource, archive: Archive) -> None:
    """The oldest file of a history that the source has dropped: all of the pack was set aside for it."""
    git_dir, origin = mirror(archive, API, run=1), source.git_dir(API)
    (pack,) = packs(archive)
    listed = [line.split() for line in git(git_dir, "verify-pack", "-v", str(pack)).splitlines()]
    bad = git(origin, "rev-parse", "main~4:file-0")
    at = next(int(words[4]) for words in listed if words[0] == bad)
    others = [words[0] for words in listed if len(words[0]) == 40 and words[0] != bad]
    change(pack, lambda content: content[: at + 30] + bytes([content[at + 30] ^ 1]) + content[at + 31 :])
    for name in refs_of(origin):
        git(origin, "update-ref", "-d", name)
    check(archive)

    back_up(source, archive)

    said = git(git_dir, "cat-file", "--batch-check", text="".join(f"{oid}\n" for oid in others))
    assert len(others) > 10
    assert "missing" not in said
    assert (archive.root / "damaged").exists()


@pytest.fixture
def other_hash(tmp_path: Path) -> ScriptedSource:
    """A repository of SHA-256 objects, a branch of which is overwritten between two runs."""
    source = ScriptedSource(tmp_path / "other")
    git_dir = source.repository("api", source.project("shop"), object_format="sha256")
    for number in range(3):
        commit(git_dir, "refs/heads/main", {f"file-{number}": random.Random(number).randbytes(900).hex()})
    return source


def test_a_repository_of_sha256_that_is_emptied_is_not_called_damaged(
    other_hash: ScriptedSource, tmp_path: Path
) -> None:
    archive = open_archive(tmp_path / "of-other")
    back_up(other_hash, archive)
    git_dir = mirror(archive, API, run=1)
    tip = refs_of(git_dir)["refs/heads/main"]
    git(other_hash.git_dir(API), "update-ref", "-d", "refs/heads/main")

    back_up(other_hash, archive)
    emptied = check(archive)
    flip(packs(archive)[0], 0.5)
    damaged = check(archive)
    back_up(other_hash, archive)

    assert emptied.problems == ()
    assert not damaged.is_whole
    assert outcomes(archive, 3)[API] != "failed"
    assert git(git_dir, "rev-parse", "--show-object-format") == "sha256"
    assert tip in refs_of(git_dir).values()


def test_a_repository_of_sha256_without_its_configuration_is_healed(other_hash: ScriptedSource, tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "of-other")
    back_up(other_hash, archive)
    git_dir = mirror(archive, API, run=1)
    (git_dir / "config").unlink()
    check(archive)

    back_up(other_hash, archive)

    assert check(archive).problems == ()
    assert git(git_dir, "rev-parse", "--show-object-format") == "sha256"
