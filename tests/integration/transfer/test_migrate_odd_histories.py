"""Whatever was saved goes to a Matou, however old and odd: one that cannot is explained before anything is made."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from integration.transfer.moved_archives import Port, by_path, every_platform, outcomes, refs
from integration.transfer.moved_archives import port as port  # noqa: PLC0414 - a fixture
from integration.transfer.saved_archives import Team, git, make_repository
from matou.git.operations.push import Pusher, PushFailed
from matou.model.names import RepositoryPath
from matou.transfer.migrate.refs import ShallowHistory
from matou.transfer.migrate.report import MoveOutcome
from support.deciding import import_repository

API = "team/shop/api"


def test_a_history_without_its_beginning_is_explained_and_nothing_is_made(
    port: Port, team: Team, tmp_path: Path
) -> None:
    whole = make_repository(tmp_path / "whole", commits=4)
    git(tmp_path, "clone", "-q", "--mirror", "--depth=2", whole.as_uri(), str(team.git_dir(API)))
    team.save({API: team.git_dir(API), "team/shop/web": make_repository(tmp_path / "web")})

    plan = port.migrate(team.archive, dry_run=True)
    report = port.migrate(team.archive)

    assert [isinstance(one, ShallowHistory) for one in by_path(plan)[API].problems] == [True]
    assert by_path(report)[API].outcome is MoveOutcome.FAILED
    assert [isinstance(one, ShallowHistory) for one in by_path(report)[API].problems] == [True]
    assert not port.has("api")
    assert outcomes(report)["team/shop/web"] == "moved"


def test_a_history_whose_overwritten_part_alone_lacks_its_beginning_is_moved(
    port: Port, team: Team, tmp_path: Path
) -> None:
    whole = make_repository(tmp_path / "whole", commits=4)
    git(tmp_path, "clone", "-q", "--mirror", "--depth=1", whole.as_uri(), str(team.git_dir(API)))
    mirror = team.git_dir(API)
    for ref in refs(mirror):
        git(mirror, "update-ref", f"refs/matou/kept/000001/{ref.removeprefix('refs/')}", ref)
        git(mirror, "update-ref", "-d", ref)
    git(mirror, "fetch", "-q", str(make_repository(tmp_path / "new")), "+refs/*:refs/*")
    team.save({API: tmp_path / "new" / ".git"})

    assert (mirror / "shallow").exists()
    assert outcomes(port.migrate(team.archive)) == {API: "moved"}


class _Picky(Pusher):
    """Takes a push as a server does that refuses some names, all of the push with them or not."""

    refused: Mapping[str, str] = {}

    def push(self, git_dir, url, changes, offer, *, haves):  # type: ignore[no-untyped-def]
        reasons = {change.ref: self.refused[change.ref] for change in changes if change.ref in self.refused}
        if reasons:
            raise PushFailed("the target did not take {ref}", ref=min(reasons), refused=reasons)
        super().push(git_dir, url, changes, offer, haves=haves)


def test_a_branch_that_is_refused_keeps_no_other_ref_away(
    port: Port, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_repository(tmp_path / "api")
    for name in ("feature/one", "two"):
        git(source, "branch", name)
    team.save({API: source})
    monkeypatch.setattr(_Picky, "refused", {"refs/heads/two": "the name cannot be used"})
    monkeypatch.setattr("matou.transfer.migrate.command.Pusher", _Picky)

    report = port.migrate(team.archive)

    moved = by_path(report)[API]
    assert moved.outcome is MoveOutcome.INCOMPLETE
    assert ["refs/heads/two" in str(problem) for problem in moved.problems] == [True]
    assert refs(port.git_dir("api")) == {name: oid for name, oid in refs(source).items() if name != "refs/heads/two"}


def test_a_target_that_takes_no_ref_at_all_is_told_as_that(
    port: Port, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_repository(tmp_path / "api")
    team.save({API: source})
    monkeypatch.setattr(_Picky, "refused", dict.fromkeys(refs(source), "pre-receive hook declined"))
    monkeypatch.setattr("matou.transfer.migrate.command.Pusher", _Picky)

    assert outcomes(port.migrate(team.archive)) == {API: "failed"}


@pytest.mark.parametrize("name", ["refs/heads/HEAD", "refs/heads/refs/heads/x", "refs/tags/HEAD", "refs/heads/-x"])
@every_platform
def test_a_name_that_means_something_else_to_git_keeps_no_other_ref_away(
    port: Port, team: Team, tmp_path: Path, name: str
) -> None:
    source = make_repository(tmp_path / "api")
    git(source, "update-ref", name, "main")
    team.save({API: source})

    report = port.migrate(team.archive)

    there = refs(port.git_dir("api"))
    assert {ref: oid for ref, oid in refs(source).items() if ref != name}.items() <= there.items()
    assert by_path(report)[API].outcome is (MoveOutcome.MOVED if name in there else MoveOutcome.INCOMPLETE)


ODD_PEOPLE = {
    "badTimezone": "a <a@b> 1700000000 +051800",
    "missingSpaceBeforeDate": "a <a@b>1700000000 +0000",
    "missingSpaceBeforeEmail": "a<a@b> 1700000000 +0000",
    "missingNameBeforeEmail": "<a@b> 1700000000 +0000",
    "zeroPaddedDate": "a <a@b> 01700000000 +0000",
    "badDateOverflow": "a <a@b> 99999999999999999999 +0000",
    "missingEmail": "a 1700000000 +0000",
}
"""As highlight.js and many others have them, from tools of long ago."""


def add_odd_history(git_dir: Path) -> None:
    """A branch for each fault that git has against old histories and that does no harm."""
    tree, blob = (git(git_dir, "rev-parse", f"main{what}") for what in ("^{tree}", ":file.txt"))
    for fault, person in ODD_PEOPLE.items():
        text = f"tree {tree}\nauthor {person}\ncommitter {person}\n\n{fault}\n"
        keep_object(git_dir, "commit", text.encode(), fault)
    usual = "a <a@b> 1700000000 +0000"
    authors = f"tree {tree}\nauthor {usual}\nauthor {usual}\ncommitter {usual}\n\nx\n"
    keep_object(git_dir, "commit", authors.encode(), "multipleAuthors")
    name = bytes.fromhex(blob)
    folder = bytes.fromhex(git(git_dir, "hash-object", "-t", "tree", "-w", "--stdin", data=b"100644 f\0" + name))
    trees = {
        "duplicateEntries": b"100644 f\0" + name + b"100644 f\0" + name,
        "treeNotSorted": b"100644 b\0" + name + b"100644 a\0" + name,
        "zeroPaddedFilemode": b"0100644 a\0" + name + b"040000 b\0" + folder,
    }
    for fault, content in trees.items():
        odd = git(git_dir, "hash-object", "--literally", "-t", "tree", "-w", "--stdin", data=content)
        text = f"tree {odd}\nauthor {usual}\ncommitter {usual}\n\n{fault}\n"
        keep_object(git_dir, "commit", text.encode(), fault)


def keep_object(git_dir: Path, kind: str, content: bytes, branch: str) -> None:
    oid = git(git_dir, "hash-object", "--literally", "-t", kind, "-w", "--stdin", data=content)
    git(git_dir, "update-ref", f"refs/heads/{branch}", oid)


@every_platform
def test_an_old_history_goes_where_an_import_takes_it(port: Port, team: Team, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "api")
    add_odd_history(source)
    team.save({API: source})
    imported = RepositoryPath(port.namespace.path, "imported")
    import_repository(port.server.forge, source, imported, creator=None, local=True)

    report = port.migrate(team.archive)

    assert by_path(report)[API].problems == ()
    assert refs(port.git_dir("api")) == refs(port.git_dir("imported")) == refs(source)
    assert objects(port.git_dir("api")) == objects(source)


def objects(git_dir: Path) -> set[str]:
    return set(git(git_dir, "rev-list", "--all", "--objects", "--no-object-names").split())
