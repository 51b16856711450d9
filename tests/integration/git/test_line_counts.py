"""A history and its numbers are what `git log` says."""

from itertools import islice
from pathlib import Path

import pytest

from matou.errors import Damaged
from matou.git.operations.line_counts import LineCount, count_lines, read_history_counts
from matou.git.process.run import GitFailed
from matou.model.names import ObjectId
from support.git_repositories import fast_import, git, git_bytes, init_bare
from support.histories import make_odd_history


def tip_of(git_dir: Path, name: str = "main") -> ObjectId:
    return ObjectId(git(git_dir, "rev-parse", name))


def numstat(git_dir: Path, *arguments: str) -> dict[str, tuple[int, int]]:
    """By commit, what `git log --numstat` says without any option of ours."""
    counts: dict[str, tuple[int, int]] = {}
    current = ""
    for line in git_bytes(git_dir, "log", "--numstat", "--format=commit %H", "main", *arguments).split(b"\n"):
        if line.startswith(b"commit "):
            current = line[7:].decode()
            counts[current] = (0, 0)
        elif line:
            added, taken, _ = line.split(b"\t", 2)
            sums = counts[current]
            counts[current] = (sums[0] + int(added.replace(b"-", b"0")), sums[1] + int(taken.replace(b"-", b"0")))
    return counts


@pytest.mark.parametrize("seed", range(6))
def test_the_numbers_are_those_of_git_log_numstat(tmp_path: Path, seed: int) -> None:
    folder = make_odd_history(tmp_path / "odd.git", seed)
    expected = numstat(folder)

    counted = {one.id: (one.additions, one.deletions) for one in count_lines(folder, [ObjectId(i) for i in expected])}

    assert counted == expected
    assert git(folder, "rev-list", "--merges", "main")


def test_a_renamed_file_counts_what_changed_in_it_as_in_git_log(tmp_path: Path) -> None:
    folder = init_bare(tmp_path / "renamed.git")
    lines = b"".join(b"%d\n" % number for number in range(100))
    fast_import(
        folder,
        b"commit refs/heads/main\nmark :1\ncommitter A <a@x> 1 +0000\ndata 0\n"
        b"M 100644 inline old\ndata %d\n%b\n"
        b"commit refs/heads/main\ncommitter A <a@x> 2 +0000\ndata 0\nfrom :1\nD old\n"
        b"M 100644 inline new\ndata %d\n%bx\n\n" % (len(lines), lines, len(lines) + 2, lines),
    )

    (counted,) = count_lines(folder, [tip_of(folder)])

    assert (counted.additions, counted.deletions) == (1, 0)


@pytest.mark.parametrize("seed", range(3))
def test_a_history_is_told_whole_each_commit_behind_its_parents(tmp_path: Path, seed: int) -> None:
    folder = make_odd_history(tmp_path / "odd.git", seed)

    told = list(read_history_counts(folder, tip_of(folder)))

    assert {one.id for one in told} == set(git(folder, "rev-list", "main").split())
    places = {one.id: place for place, one in enumerate(told)}
    assert all(places[parent] < places[one.id] for one in told for parent in one.parents)
    names = git_bytes(folder, "log", "--format=%H%x00%an%x00%ae%x00%cn%x00%ce", "main").split(b"\n")[:-1]
    assert {(one.id.encode(), one.author.name, one.author.email, one.committer.name) for one in told} == {
        tuple(line.split(b"\0")[:4]) for line in names
    }


def test_what_is_known_is_not_told_again_and_an_unknown_id_does_not_matter(tmp_path: Path) -> None:
    folder = make_odd_history(tmp_path / "odd.git", 1)
    known = git(folder, "rev-parse", "main~2")

    told = read_history_counts(folder, tip_of(folder), known=[ObjectId(known), ObjectId("1" * 40)])

    assert {one.id for one in told} == set(git(folder, "rev-list", "main", f"^{known}").split())


@pytest.mark.parametrize(
    ("date", "day"),
    [
        (b"1700000000 +0800", "2023-11-15"),
        (b"1700000000 +0100", "2023-11-14"),
        (b"0 +0000", "1970-01-01"),
        (b"99999999999 +0000", "5138-11-16"),
        (b"99999999999999999999999999 +0000", "1970-01-01"),
        (b"9999999999999999 +0000", "9999-12-31"),
        (b"1700000000 +9999", "2023-11-19"),
        (b"", "1970-01-01"),
    ],
)
def test_a_date_is_what_the_authors_clock_showed_or_the_nearest_one_that_there_is(
    tmp_path: Path, date: bytes, day: str
) -> None:
    folder = init_bare(tmp_path / "dates.git")
    tree = git(folder, "mktree")
    text = b"tree %b\nauthor A <a@x> %b\ncommitter A <a@x> 1 +0000\n\nc\n" % (tree.encode(), date)
    commit = git(folder, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", input=text)

    (told,) = read_history_counts(folder, ObjectId(commit))

    assert to_day(told.wall_clock) == day


def to_day(seconds: int) -> str:
    from datetime import date, timedelta

    return (date(1970, 1, 1) + timedelta(seconds // 86_400)).isoformat()


def test_a_commit_without_an_author_is_nobodys(tmp_path: Path) -> None:
    folder = init_bare(tmp_path / "nobody.git")
    tree = git(folder, "mktree")
    text = b"tree %b\n\nc\n" % tree.encode()
    commit = git(folder, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", input=text)

    (told,) = read_history_counts(folder, ObjectId(commit))

    assert (told.author.name, told.author.email, told.wall_clock) == (b"", b"", 0)


def test_a_history_that_is_broken_is_said_to_be(tmp_path: Path) -> None:
    folder = make_odd_history(tmp_path / "odd.git", 2)

    with pytest.raises(Damaged):
        list(count_lines(folder, [tip_of(folder), ObjectId("2" * 40)]))


def test_a_commit_at_which_git_fails_counts_nothing(tmp_path: Path) -> None:
    folder = init_bare(tmp_path / "lost.git")
    stream = b"".join(
        b"commit refs/heads/main\ncommitter A <a@x> %d +0000\ndata 0\nM 100644 inline x\ndata 2\n%d\n\n" % (at, at)
        for at in range(1, 4)
    )
    fast_import(folder, stream)
    blob = git(folder, "rev-parse", "main~1:x")
    make_loose(folder)
    (folder / "objects" / blob[:2] / blob[2:]).unlink()
    counted: list[LineCount] = []

    with pytest.raises(GitFailed):
        counted.extend(count_lines(folder, [ObjectId(one) for one in git(folder, "rev-list", "main~1").split()]))

    assert counted == []


def make_loose(git_dir: Path) -> None:
    for pack in list((git_dir / "objects" / "pack").glob("*.pack")):
        content = pack.read_bytes()
        for path in pack.parent.glob(f"{pack.stem}.*"):
            path.unlink()
        git(git_dir, "unpack-objects", "-q", input=content)


def test_a_name_without_end_is_cut_and_a_commit_with_more_is_damage(tmp_path: Path) -> None:
    folder = init_bare(tmp_path / "long.git")
    tree = git(folder, "mktree")
    ids = []
    for length in (500_000, 2_000_000):
        text = b"tree %b\nauthor %b <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\nc\n" % (tree.encode(), b"A" * length)
        ids.append(git(folder, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", input=text))

    (told,) = read_history_counts(folder, ObjectId(ids[0]))

    assert told.author.name == b"A" * 1024
    with pytest.raises(Damaged):
        list(read_history_counts(folder, ObjectId(ids[1])))


def test_reading_may_end_early(tmp_path: Path) -> None:
    folder = make_odd_history(tmp_path / "odd.git", 3)

    some = list(islice(read_history_counts(folder, tip_of(folder)), 3))

    assert len(some) == 3


def test_a_repository_of_sha_256_is_read_as_well(tmp_path: Path) -> None:
    folder = init_bare(tmp_path / "long.git", object_format="sha256")
    fast_import(folder, b"commit refs/heads/main\ncommitter A <a@x> 1 +0000\ndata 0\nM 100644 inline a\ndata 2\na\n\n")

    (told,) = read_history_counts(folder, tip_of(folder))
    (counted,) = count_lines(folder, [told.id])

    assert (len(told.id), counted.additions) == (64, 1)
