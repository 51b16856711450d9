"""Whatever was saved comes back as it was, however odd it is; what harms one file of it harms no other."""

import shutil
from pathlib import Path

import pytest

from integration.transfer.saved_archives import NOW, Team, commit_file, git, make_repository
from matou.git.refs.listing import read_refs
from matou.transfer.restore.command import restore
from matou.transfer.restore.report import RestoreReport
from matou.transfer.verify.command import verify
from matou.transfer.verify.report import VerifyReport

WEB = "team/project/web"
PERSON = b"a <a@b> 1700000000 +0000"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "web")


def restored(team: Team, to: Path, *, worktree: bool = False) -> RestoreReport:
    return restore(team.archive, to=to, now=NOW, worktree=worktree)


def check(team: Team) -> VerifyReport:
    return verify(team.archive, everything=False, jobs=2, now=NOW)


def refs_of(git_dir: Path) -> str:
    return git(git_dir, "for-each-ref", "--format=%(refname) %(objectname)")


def objects_of(git_dir: Path) -> str:
    return git(git_dir, "rev-list", "--all", "--objects", "--no-object-names")


def the_pack(git_dir: Path) -> Path:
    return max((git_dir / "objects" / "pack").glob("*.pack"), key=lambda pack: pack.stat().st_size)


def write(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def commit_object(git_dir: Path, content: bytes) -> str:
    return git(git_dir, "hash-object", "--literally", "-t", "commit", "-w", "--stdin", data=content)


@pytest.mark.parametrize("head", ["refs/tags/light", "refs/tags/v1", "refs/remotes/trunk"])
def test_a_repository_whose_head_names_no_branch_comes_back(team: Team, web: Path, tmp_path: Path, head: str) -> None:
    git(web, "update-ref", "refs/remotes/trunk", "main")
    (web / "HEAD").write_text(f"ref: {head}\n")
    team.save({WEB: web})

    reports = [restored(team, tmp_path / "out", worktree=worktree) for worktree in (False, True)]

    assert [report.problems for report in reports] == [(), ()]
    assert (tmp_path / "out" / f"{WEB}.git" / "HEAD").read_text() == f"ref: {head}\n"
    assert (tmp_path / "out" / WEB / ".git" / "HEAD").read_text() == f"ref: {head}\n"
    assert refs_of(tmp_path / "out" / WEB) == refs_of(tmp_path / "out" / f"{WEB}.git") == refs_of(web)
    assert (tmp_path / "out" / WEB / "file.txt").is_file()


@pytest.mark.parametrize("fault", ["unterminatedHeader", "nulInHeader"])
def test_what_git_has_against_an_object_of_the_source_is_a_note(
    team: Team, web: Path, tmp_path: Path, fault: str
) -> None:
    tree = git(web, "rev-parse", "main^{tree}").encode()
    contents = {
        "unterminatedHeader": b"tree %b\nauthor %b\ncommitter %b" % (tree, PERSON, PERSON),
        "nulInHeader": b"tree %b\nauthor a\0%b\ncommitter %b\n\nhi\n" % (tree, PERSON, PERSON),
    }
    git(web, "update-ref", "refs/heads/odd", commit_object(web, contents[fault]))
    team.save({WEB: web})

    first, again = check(team), check(team)
    report = restored(team, tmp_path / "out")

    assert (first.is_whole, again.is_whole, again.proven) == (True, True, 0)
    assert [fault in str(note) for note in (*first.notes, *again.notes)] == [True, True]
    assert report.problems == ()
    assert objects_of(tmp_path / "out" / f"{WEB}.git") == objects_of(web)


def test_damage_that_came_later_is_told_apart_from_what_the_source_has(team: Team, web: Path) -> None:
    tree = git(web, "rev-parse", "main^{tree}").encode()
    odd = commit_object(web, b"tree %b\nauthor %b\ncommitter %b" % (tree, PERSON, PERSON))
    git(web, "update-ref", "refs/heads/odd", odd)
    team.save({WEB: web})
    pack = the_pack(team.git_dir(WEB))
    write(pack, pack.read_bytes()[:-30] + b"x" * 30)

    report = check(team)

    assert not report.is_whole
    assert all("unterminatedHeader" not in str(problem) for problem in report.problems)


def test_a_shallow_repository_comes_back_with_its_shallow_file(team: Team, web: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", "--depth=1", web.as_uri(), "shallow")
    source = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--mirror", str(source), "mirror")
    shutil.copytree(tmp_path / "mirror", team.git_dir(WEB))
    team.save({WEB: source})

    report = restored(team, tmp_path / "out")

    assert report.problems == ()
    assert (tmp_path / "out" / f"{WEB}.git" / "shallow").read_bytes() == (team.git_dir(WEB) / "shallow").read_bytes()
    assert objects_of(tmp_path / "out" / f"{WEB}.git") == objects_of(source)


def test_a_detached_head_alone_comes_back(team: Team, web: Path, tmp_path: Path) -> None:
    commit = git(web, "rev-parse", "main")
    team.save({WEB: web})
    for ref in refs_of(web).splitlines():
        git(web, "update-ref", "-d", ref.split()[0])
    (web / "HEAD").write_text(f"{commit}\n")
    team.save({WEB: web})

    report = restored(team, tmp_path / "out")

    assert report.problems == ()
    assert git(tmp_path / "out" / f"{WEB}.git", "log", "--format=%H", "-1") == commit


@pytest.mark.parametrize("harm", ["damaged", "missing"])
def test_an_index_is_made_anew_of_a_sound_pack(team: Team, web: Path, tmp_path: Path, harm: str) -> None:
    team.save({WEB: web})
    index = the_pack(team.git_dir(WEB)).with_suffix(".idx")
    content = index.read_bytes()
    index.unlink()
    if harm == "damaged":
        index.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    report = restored(team, tmp_path / "out")

    assert report.problems == ()
    assert objects_of(tmp_path / "out" / f"{WEB}.git") == objects_of(web)


def test_what_can_be_read_of_a_damaged_pack_comes_back(team: Team, web: Path, tmp_path: Path) -> None:
    """The damage is in what was overwritten at the source since: nothing of what is to come back needs it."""
    commit_file(web.parent, "file.txt", "overwritten")
    team.save({WEB: web})
    git(web.parent, "reset", "-q", "--hard", "HEAD~1")
    team.save({WEB: web})
    mirror = team.git_dir(WEB)
    git(mirror, "repack", "-adq", "--keep-unreachable")
    lost = git(mirror, "rev-parse", "refs/matou/kept/000002/heads/main")
    pack = the_pack(mirror)
    offset = next(
        int(line.split()[4])
        for line in git(mirror, "verify-pack", "-v", str(pack)).splitlines()
        if line.startswith(lost)
    )
    content = pack.read_bytes()
    write(pack, content[: offset + 6] + bytes([content[offset + 6] ^ 1]) + content[offset + 7 :])

    report = restored(team, tmp_path / "out")

    assert report.problems == ()
    assert objects_of(tmp_path / "out" / f"{WEB}.git") == objects_of(web)
    assert git(tmp_path / "out" / f"{WEB}.git", "fsck", "--full", "--no-dangling") == ""


ODD_ENTRIES = {"name": b"100644 " + b"n" * 300, "null": b"160000 null", "git": b"100644 .git"}


@pytest.mark.parametrize("odd", list(ODD_ENTRIES))
def test_one_path_that_cannot_be_written_leaves_the_others_written(
    team: Team, web: Path, tmp_path: Path, odd: str
) -> None:
    blob = bytes.fromhex(git(web, "rev-parse", "main:file.txt"))
    entries = [b"100644 a\0" + blob, ODD_ENTRIES[odd] + b"\0" + (bytes(20) if odd == "null" else blob)]
    entries.append(b"100644 z\0" + blob)
    content = b"".join(sorted(entries, key=lambda entry: bytes(entry)[7:]))
    tree = git(web, "hash-object", "--literally", "-t", "tree", "-w", "--stdin", data=content)
    commit = commit_object(web, b"tree %b\nauthor %b\ncommitter %b\n\nx\n" % (tree.encode(), PERSON, PERSON))
    git(web, "update-ref", "refs/heads/main", commit)
    git(web, "symbolic-ref", "HEAD", "refs/heads/main")
    team.save({WEB: web})

    report = restored(team, tmp_path / "out", worktree=True)

    assert [(tmp_path / "out" / WEB / name).is_file() for name in ("a", "z")] == [True, True]
    (problem,) = report.problems
    assert {"name": "nnn", "null": "null", "git": ".git"}[odd] in str(problem)
    assert str(tmp_path) not in str(problem)
    assert ".matou-partial" not in str(problem)
    assert not report.has_damage


def test_a_file_that_stands_where_a_folder_stands_is_named(team: Team, web: Path, tmp_path: Path) -> None:
    blob = bytes.fromhex(git(web, "rev-parse", "main:file.txt"))
    inner = git(web, "mktree", data=b"100644 blob %b\tf\n" % blob.hex().encode())
    content = b"100644 a\0" + blob + b"40000 a\0" + bytes.fromhex(inner) + b"100644 z\0" + blob
    tree = git(web, "hash-object", "--literally", "-t", "tree", "-w", "--stdin", data=content)
    git(web, "update-ref", "refs/heads/main", git(web, "commit-tree", "-m", "x", tree))
    team.save({WEB: web})

    report = restored(team, tmp_path / "out", worktree=True)

    assert (tmp_path / "out" / WEB / "z").is_file()
    assert ["'a'" in str(problem) for problem in report.problems] == [True]


def test_head_at_an_annotated_tag_stays_there_when_files_are_written(team: Team, web: Path, tmp_path: Path) -> None:
    (web / "HEAD").write_text("ref: refs/tags/v1\n")
    team.save({WEB: web})

    restored(team, tmp_path / "out", worktree=True)

    assert read_refs(tmp_path / "out" / WEB / ".git").refs == read_refs(web).refs
    assert git(tmp_path / "out" / WEB, "status", "--porcelain") == ""
