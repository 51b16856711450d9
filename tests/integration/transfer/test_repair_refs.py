"""Refs, configurations and indexes that were damaged are made anew."""

from collections.abc import Callable
from pathlib import Path

import pytest

from integration.transfer.damaged_archives import API, archive, backed_up, change, check, flip, overwrite, packs, source
from matou.archive.layout import Archive
from support.scripted_source import (
    ScriptedSource,
    back_up,
    git,
    mirror,
    outcomes,
    refs_of,
    repository_lines,
)

__all__ = ["archive", "source"]


@pytest.mark.parametrize("name", ["packed-refs", "HEAD"])
def test_refs_that_cannot_be_read_are_made_anew(source: ScriptedSource, archive: Archive, name: str) -> None:
    overwrite(source, archive)
    path = mirror(archive, API, run=1) / name
    change(path, lambda content: content[:-10])
    kept = list(refs_of(source.git_dir(API)))
    check(archive)

    backed_up(source, archive)

    assert set(kept) <= set(refs_of(mirror(archive, API, run=1)))
    assert outcomes(archive, 4)[API] == "saved"


def another_digit(content: bytes) -> bytes:
    """In the id of the ref on the last line but one."""
    lines = content.splitlines(keepends=True)
    line = lines[1]
    lines[1] = (b"1" if line[:1] == b"0" else b"0") + line[1:]
    return b"".join(lines)


REF_HARMS: dict[str, Callable[[Path], object]] = {
    "packed-refs cut": lambda git_dir: change(git_dir / "packed-refs", lambda content: content[:-10]),
    "packed-refs emptied": lambda git_dir: change(git_dir / "packed-refs", lambda content: b""),
    "packed-refs lost": lambda git_dir: (git_dir / "packed-refs").unlink(),
    "packed-refs zeros": lambda git_dir: change(git_dir / "packed-refs", lambda content: b"\0" * len(content)),
    "another id": lambda git_dir: change(git_dir / "packed-refs", another_digit),
    "a loose ref": lambda git_dir: (git_dir / "refs/heads/main").write_text("?" * 41),
    "a loose ref to nothing": lambda git_dir: (git_dir / "refs/heads/main").write_text("0" * 39 + "1\n"),
    "HEAD": lambda git_dir: (git_dir / "HEAD").write_bytes(b"\0" * 21),
    "HEAD elsewhere": lambda git_dir: (git_dir / "HEAD").write_text("ref: refs/heads/none\n"),
}


@pytest.mark.parametrize("harm", REF_HARMS)
def test_refs_of_what_the_source_no_longer_lists_are_made_again_by_repair(
    source: ScriptedSource, archive: Archive, harm: str
) -> None:
    overwrite(source, archive)
    git_dir = mirror(archive, API, run=1)
    source.remove(API)
    back_up(source, archive)
    assert outcomes(archive, 4) == {API: "unlisted"}
    before, head = refs_of(git_dir), (git_dir / "HEAD").read_bytes()
    REF_HARMS[harm](git_dir)

    report, again = check(archive, repair=True), check(archive)

    assert report.problems == again.problems == ()
    assert report.repaired != ()
    assert all(path.startswith("repositories/team/shop/api.git/") for path in report.repaired)
    assert (refs_of(git_dir), (git_dir / "HEAD").read_bytes()) == (before, head)


def test_refs_that_cannot_be_made_again_are_named_with_what_is_missing(
    source: ScriptedSource, archive: Archive
) -> None:
    git_dir = mirror(archive, API, run=1)
    source.remove(API)
    back_up(source, archive)
    before = refs_of(git_dir)
    for pack in packs(archive):
        content = pack.read_bytes()
        for path in pack.parent.glob(f"{pack.stem}.*"):
            path.unlink()
        git(git_dir, "unpack-objects", "-q", text=content)
    tag = before["refs/tags/v1"]
    git_dir.joinpath("objects", tag[:2], tag[2:]).unlink()
    (git_dir / "packed-refs").unlink()

    report = check(archive, repair=True)

    assert [str(problem.detail) for problem in report.problems] == [f"refs/tags/v1 is missing; it was {tag}"]
    assert refs_of(git_dir) == {name: oid for name, oid in before.items() if oid != tag}


@pytest.mark.parametrize("harm", ["changed", "missing"])
@pytest.mark.parametrize("which", ["lfs object", "lfs list", "snapshot"])
def test_a_damaged_blob_is_fetched_or_written_again(
    source: ScriptedSource, archive: Archive, which: str, harm: str
) -> None:
    line = repository_lines(archive, 1)[API]
    assert line.lfs is not None
    digests = {"lfs object": next(iter(source.lfs_objects)), "lfs list": line.lfs.list, "snapshot": line.snapshot}
    path = next(archive.root.glob(f"blobs/objects/*/*/{digests[which]}"))
    path.unlink()
    for content in [b"changed"] * (harm == "changed"):
        path.write_bytes(content)
    check(archive)

    backed_up(source, archive)
    again = check(archive)
    backed_up(source, archive)

    assert again.problems == ()
    assert [outcomes(archive, run)[API] for run in (2, 3)] == ["saved", "unchanged"]


def test_a_listing_is_not_trusted_about_what_is_damaged(source: ScriptedSource, archive: Archive) -> None:
    flip(packs(archive)[0], 0.5)
    check(archive)

    back_up(source, archive, trust_listing=True)
    back_up(source, archive, trust_listing=True)

    assert [outcomes(archive, run)[API] for run in (2, 3)] == ["saved", "unchanged"]
    assert check(archive).problems == ()


def test_a_source_that_fails_leaves_what_is_damaged_where_it_is(source: ScriptedSource, archive: Archive) -> None:
    flip(packs(archive)[0], 0.5)
    damaged = packs(archive)[0].read_bytes()
    found = check(archive)
    source.git_dir(API).rename(source.git_dir(API).with_name("away"))

    backed_up(source, archive)
    still = check(archive)
    source.git_dir(API).with_name("away").rename(source.git_dir(API))
    backed_up(source, archive)

    assert outcomes(archive, 2)[API] in ("failed", "refused")
    assert [problem.path for problem in still.problems] == [problem.path for problem in found.problems]
    assert damaged != packs(archive)[0].read_bytes()
    assert check(archive).problems == ()


@pytest.mark.parametrize("harm", ["emptied", "removed", "one ref"])
def test_kept_refs_that_were_lost_are_made_again_by_repair(source: ScriptedSource, archive: Archive, harm: str) -> None:
    tip = overwrite(source, archive)
    git_dir = mirror(archive, API, run=1)
    (kept,) = repository_lines(archive, 3)[API].kept
    if harm == "one ref":
        git(git_dir, "update-ref", "-d", kept)
    elif harm == "removed":
        (git_dir / "packed-refs").unlink()
    else:
        (git_dir / "packed-refs").write_bytes(b"")
    found = check(archive)

    report = check(archive, repair=True)

    assert kept in "".join(str(problem) for problem in found.problems)
    assert refs_of(git_dir)[kept] == tip
    assert f"{git_dir.relative_to(archive.root).as_posix()}/{kept}" in report.repaired
    assert not any(kept in str(problem) for problem in report.problems)


def test_kept_refs_that_were_lost_are_made_again_by_the_next_run(source: ScriptedSource, archive: Archive) -> None:
    tip = overwrite(source, archive)
    git_dir = mirror(archive, API, run=1)
    (kept,) = repository_lines(archive, 3)[API].kept
    (git_dir / "packed-refs").write_bytes(b"")
    check(archive)

    backed_up(source, archive)

    assert refs_of(git_dir)[kept] == tip
    assert check(archive).problems == ()
    backed_up(source, archive)
    assert outcomes(archive, 5)[API] == "unchanged"
