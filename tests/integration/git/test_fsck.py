"""What is wrong with a repository is found and named: by git for objects, by us for refs."""

from datetime import timedelta
from pathlib import Path

import pytest

from matou.git.operations.fsck import FsckProblem, Severity, fsck, missing_refs
from matou.git.process.run import GitStopped, Limits
from matou.git.refs.listing import read_refs
from matou.git.repository import packs
from matou.model.names import RefName
from matou.model.refs import RefListing
from support.git_repositories import (
    delete_ref,
    git,
    init_bare,
    listing_of,
    make_sloppy_repository,
    point_head_at,
    tip_of,
)


@pytest.fixture
def repository(source: Path) -> Path:
    git(source, "repack", "-adq")
    git(source, "pack-refs", "--all")
    git(source, "prune-packed")
    return source


def errors(problems: tuple[FsckProblem, ...]) -> list[FsckProblem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def flip(path: Path, position: int) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("is_connectivity_enough", [True, False])
def test_a_sound_repository_has_no_problem(repository: Path, *, is_connectivity_enough: bool) -> None:
    assert fsck(repository, is_connectivity_enough=is_connectivity_enough) == ()


def test_an_empty_repository_has_no_error(tmp_path: Path) -> None:
    assert errors(fsck(init_bare(tmp_path / "r.git"))) == []


@pytest.mark.parametrize("part", [0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.999])
def test_one_bit_anywhere_in_a_pack_is_found(repository: Path, part: float) -> None:
    pack = next(iter(packs(repository)))
    flip(pack, int(pack.stat().st_size * part))

    assert errors(fsck(repository))


def test_a_missing_object_is_named(repository: Path) -> None:
    blob = tip_of(repository, "main:README.md")
    pack = next(iter(packs(repository)))
    moved = repository / "moved.pack"
    pack.rename(moved)
    pack.with_suffix(".idx").unlink()
    git(repository, "unpack-objects", "-q", input=moved.read_bytes())
    (repository / "objects" / blob[:2] / blob[2:]).unlink()

    assert blob in {problem.object_id for problem in errors(fsck(repository))}


def test_what_old_tools_wrote_is_a_warning(tmp_path: Path) -> None:
    repository = make_sloppy_repository(tmp_path / "r.git")

    problems = fsck(repository)

    assert errors(problems) == []
    assert {"zeroPaddedFilemode", "badTimezone", "missingSpaceBeforeDate"} <= {
        problem.message.split(": ")[1] for problem in problems
    }


def test_a_check_that_takes_too_long_is_no_finding(repository: Path) -> None:
    with pytest.raises(GitStopped):
        fsck(repository, limits=Limits(wall=timedelta()))


def test_lost_refs_are_found_although_git_sees_nothing_wrong(repository: Path) -> None:
    expected = listing_of(repository)
    packed = repository / "packed-refs"
    packed.write_bytes(packed.read_bytes().splitlines(keepends=True)[0])

    found = missing_refs(expected, read_refs(repository))

    assert errors(fsck(repository)) == []
    assert {difference.name for difference in found} == set(expected.refs)
    assert {difference.actual for difference in found} == {None}


def test_a_moved_ref_and_a_changed_head_are_found_and_a_new_ref_is_none(repository: Path) -> None:
    expected = listing_of(repository)
    older = tip_of(repository, "main~1")
    git(repository, "update-ref", "refs/heads/main", older)
    git(repository, "update-ref", "refs/heads/new", older)
    delete_ref(repository, "refs/tags/light")
    point_head_at(repository, "refs/heads/new")

    found = {difference.name: difference.actual for difference in missing_refs(expected, read_refs(repository))}

    assert found == {"refs/heads/main": older, "refs/tags/light": None, "HEAD": "refs/heads/new"}


def test_a_head_that_was_not_known_is_no_difference() -> None:
    assert missing_refs(RefListing({}), RefListing({}, head=RefName("refs/heads/main"))) == ()


ODD_COMMITS = {
    "unterminatedHeader": b"tree %b\nauthor a <a@b> 1700000000 +0000\ncommitter a <a@b> 1700000000 +0000",
    "nulInHeader": b"tree %b\nauthor a\0b <a@b> 1700000000 +0000\ncommitter a <a@b> 1700000000 +0000\n\nhi\n",
}


@pytest.mark.parametrize("fault", list(ODD_COMMITS))
def test_what_git_cannot_be_told_to_tolerate_is_the_sources_own_all_the_same(repository: Path, fault: str) -> None:
    content = ODD_COMMITS[fault] % tip_of(repository, "main^{tree}").encode()
    oid = git(repository, "hash-object", "--literally", "-t", "commit", "-w", "--stdin", input=content)
    git(repository, "update-ref", "refs/heads/odd", oid)

    problems = fsck(repository)

    assert errors(problems) == []
    assert [fault in problem.message for problem in problems] == [True]


@pytest.mark.parametrize("head", ["refs/tags/light", "refs/remotes/trunk"])
def test_a_head_that_names_no_branch_is_no_damage(repository: Path, head: str) -> None:
    git(repository, "update-ref", "refs/remotes/trunk", "main")
    point_head_at(repository, head)

    problems = fsck(repository)

    assert errors(problems) == []
    assert [head in problem.message for problem in problems] == [True]


def test_a_branch_that_names_no_commit_is_no_damage(repository: Path) -> None:
    path = repository / "packed-refs"
    path.write_bytes(path.read_bytes() + f"{tip_of(repository, 'main:README.md')} refs/heads/zz\n".encode())

    assert errors(fsck(repository)) == []


def test_a_head_or_branch_at_nothing_is_damage(repository: Path) -> None:
    path = repository / "packed-refs"
    path.write_bytes(path.read_bytes() + b"%b refs/heads/zz\n" % (b"1" * 40))

    assert errors(fsck(repository))
