"""What forgotten runs alone needed is freed; what a kept run, a kept ref or anybody else needs is not."""

import random
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.archive.forgotten import FORGOTTEN_FILE, DroppedRef, ForgottenRun, read_forgotten, write_forgotten
from matou.archive.layout import Archive
from matou.archive.lock import ArchiveBusy, used_by_server
from matou.archive.run_history import digest_of_file, manifests
from matou.archive.snapshots import parse_lfs_list
from matou.errors import Damaged
from matou.git.process.run import DEFAULT_LIMITS
from matou.git.repository import create_bare
from matou.model.names import InvalidName, RepositoryPath
from matou.settings import Settings
from matou.transfer.common.saved_repositories import show
from matou.transfer.restore.command import restore
from matou.transfer.room.forget import forget
from matou.transfer.room.policy import Policy
from matou.transfer.room.prune import PruneReport, preview, prune
from matou.transfer.room.reach import DatabaseNotNamed
from matou.transfer.verify.command import verify
from matou.wiring import prune_archive
from support.scripted_source import (
    ScriptedSource,
    back_up,
    commit,
    git,
    mirror,
    open_archive,
    refs_of,
    repository_lines,
)

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
MAIN = "refs/heads/main"
CHANCE = random.Random(1)


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    source = ScriptedSource(tmp_path / "source")
    source.repository("api", source.project("shop"))
    return source


@pytest.fixture
def archive(source: ScriptedSource, tmp_path: Path) -> Archive:
    """Four runs; `main` was rewritten before each of them, each time with 100 kB that compress badly."""
    archive = open_archive(tmp_path / "archive")
    for _ in range(4):
        rewrite(source)
        back_up(source, archive)
    return archive


def rewrite(source: ScriptedSource) -> str:
    git_dir = source.git_dir("100")
    git(git_dir, "update-ref", "-d", MAIN)
    return commit(git_dir, MAIN, {"file": CHANCE.randbytes(100_000)})


def forgetting(archive: Archive, *runs: int) -> None:
    write_forgotten(
        archive,
        [ForgottenRun(at=NOW, run=run, sha256=digest_of_file(archive.manifest(run)), policy="a test") for run in runs],
    )


def pruned(archive: Archive, mentions: Iterable[str] = ()) -> PruneReport:
    return prune(archive, now=NOW, mentions=lambda: mentions)


def assert_whole(archive: Archive) -> None:
    report = verify(archive, everything=True, jobs=2, now=NOW)
    assert report.is_whole, [(one.path, str(one.detail)) for one in report.problems]


def has(git_dir: Path, oid: str) -> bool:
    return git(git_dir, "cat-file", "-t", oid, check=False) != ""


def main_of(archive: Archive, run: int) -> str:
    refs = show(archive, at=run).repositories[0].refs
    assert refs is not None
    return next(oid for name, oid in refs.refs.items() if name == MAIN)


def test_what_only_forgotten_runs_reach_goes_and_the_others_can_be_restored(archive: Archive, tmp_path: Path) -> None:
    mains = {run: main_of(archive, run) for run in range(1, 5)}
    snapshots = {run: repository_lines(archive, run)["100"].snapshot for run in range(1, 5)}
    git_dir = mirror(archive, "100", run=4)
    forgetting(archive, 1, 2)

    foreseen = preview(archive, now=NOW)
    report = pruned(archive)

    assert {one.path: set(one.refs) for one in report.repositories} == {
        "team/shop/api": {"refs/matou/kept/000002/heads/main"}
    }
    assert foreseen.repositories == report.repositories
    assert (foreseen.blobs, report.blobs) == (1, 1)
    assert {run: has(git_dir, oid) for run, oid in mains.items()} == {1: False, 2: True, 3: True, 4: True}
    # What run 2 saved is what the kept ref of run 3 names, and its snapshot is what makes that ref again.
    assert {run: archive.blobs.has(str(digest)) for run, digest in snapshots.items()} == {
        1: False, 2: True, 3: True, 4: True,
    }  # fmt: skip
    assert report.freed_bytes > 100_000
    assert_whole(archive)
    for run in (3, 4):
        restored = restore(archive, to=tmp_path / f"to{run}", at=run, now=NOW)
        assert (restored.problems, restored.restored) == ((), ("team/shop/api.git",))
        assert refs_of(tmp_path / f"to{run}/team/shop/api.git")[MAIN] == mains[run]


def test_a_second_prune_finds_nothing_and_writes_nothing(archive: Archive) -> None:
    forgetting(archive, 1, 2)
    pruned(archive)
    before = (archive.root / FORGOTTEN_FILE).read_bytes()

    again = pruned(archive)

    assert (again.repositories, again.blobs, again.freed_bytes) == ((), 0, 0)
    assert (archive.root / FORGOTTEN_FILE).read_bytes() == before


def test_without_a_forgotten_run_nothing_goes(archive: Archive) -> None:
    before = {path: path.read_bytes() for path in (archive.root / "repositories").rglob("*") if path.is_file()}

    report = pruned(archive)

    assert (report.repositories, report.blobs) == ((), 0)
    assert {p: p.read_bytes() for p in (archive.root / "repositories").rglob("*") if p.is_file()} == before


def test_runs_in_the_middle_can_be_forgotten_and_those_before_them_stay_whole(archive: Archive, tmp_path: Path) -> None:
    """Run 1 is kept, and what it saved is named by the kept ref of run 2 alone, which is forgotten."""
    first = main_of(archive, 1)
    forgetting(archive, 2, 3)

    report = pruned(archive)

    assert {name for one in report.repositories for name in one.refs} == {"refs/matou/kept/000003/heads/main"}
    assert_whole(archive)
    assert restore(archive, to=tmp_path / "to", at=1, now=NOW).problems == ()
    assert refs_of(tmp_path / "to/team/shop/api.git")[MAIN] == first


def test_what_comes_back_at_the_source_after_a_cut_off_prune_is_not_taken(
    source: ScriptedSource, archive: Archive, tmp_path: Path
) -> None:
    """The refs were written down as going and the prune was killed there. A run then finds an old tip at the source and
    lets it go again: since a kept ref still held it, no other was made."""
    first = main_of(archive, 1)
    forgetting(archive, 1, 2)
    dropped = preview(archive, now=NOW).repositories
    write_forgotten(
        archive,
        [DroppedRef(at=NOW, repository=one.path, ref=n, object=oid) for one in dropped for n, oid in one.refs.items()],
    )
    git(source.git_dir("100"), "update-ref", MAIN, first)
    back_up(source, archive)
    rewrite(source)
    back_up(source, archive)

    pruned(archive)

    assert_whole(archive)
    # It is expected again to be there.
    assert read_forgotten(archive).refs == frozenset()
    assert restore(archive, to=tmp_path / "to", at=5, now=NOW).problems == ()
    assert refs_of(tmp_path / "to/team/shop/api.git")[MAIN] == first


def test_what_a_database_or_a_repository_of_the_server_mentions_stays(archive: Archive, source: ScriptedSource) -> None:
    snapshot = str(repository_lines(archive, 1)["100"].snapshot)
    forgetting(archive, 1, 2)

    pruned(archive, mentions=[snapshot])

    assert archive.blobs.has(snapshot)


def test_no_blob_goes_while_nobody_says_where_the_rows_of_a_server_are(archive: Archive) -> None:
    """The bug: an archive of a server on PostgreSQL that was pruned without its address asked no row."""
    forgetting(archive, 1, 2)
    hosted = archive.repositories / "team/hosted.git"
    create_bare(hosted)

    def prune_it() -> PruneReport:
        return prune_archive(archive.root, Settings.from_environment({}), is_dry=False, limits=DEFAULT_LIMITS)

    refused = prune_it()
    shutil.rmtree(hosted)
    report = prune_it()

    assert (type(refused.blob_fault), refused.blobs) == (DatabaseNotNamed, 0)
    assert (report.blob_fault, report.blobs) == (None, 1)


def test_what_the_last_run_said_of_a_place_stays_that_no_kept_run_names(source: ScriptedSource, tmp_path: Path) -> None:
    """A repository whose objects are named by another hash now has another place, and its old one stays as it was."""
    archive = open_archive(tmp_path / "moved")
    commit(source.git_dir("100"), MAIN, {"big": source.keep_lfs(b"x" * 500)})
    back_up(source, archive)
    before = repository_lines(archive, 1)["100"]
    shutil.rmtree(source.git_dir("100"))
    source.depots.clear()
    folder = source.repository("api", source.projects[0], id_="100", object_format="sha256")
    commit(folder, MAIN, {"file": "named otherwise"})
    back_up(source, archive)
    assert repository_lines(archive, 2)["100"].path != before.path
    forgetting(archive, 1)

    pruned(archive)

    assert before.lfs is not None
    assert all(map(archive.blobs.has, (str(before.snapshot), before.lfs.list)))
    assert_whole(archive)


def test_an_lfs_object_stays_while_the_repository_lists_it(source: ScriptedSource, tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "lfs")
    commit(source.git_dir("100"), MAIN, {"big": source.keep_lfs(b"x" * 500)})
    back_up(source, archive)
    rewrite(source)
    back_up(source, archive)
    back_up(source, archive)
    forgetting(archive, 1, 2)

    pruned(archive)

    line = repository_lines(archive, 3)["100"]
    assert line.lfs is not None
    assert all(archive.blobs.has(oid) for oid in parse_lfs_list(archive.blobs.read(line.lfs.list)))
    assert_whole(archive)


def test_nothing_goes_while_a_server_has_the_archive_open_and_none_opens_it_meanwhile(archive: Archive) -> None:
    forgetting(archive, 1, 2)
    before = refs_of(mirror(archive, "100", run=4))

    with used_by_server(archive.root), used_by_server(archive.root), pytest.raises(ArchiveBusy, match="server"):
        pruned(archive)

    assert refs_of(mirror(archive, "100", run=4)) == before
    assert len(pruned(archive).repositories) == 1


def test_a_repository_that_lacks_what_was_saved_keeps_all_that_it_has(archive: Archive) -> None:
    forgetting(archive, 1, 2)
    git_dir = mirror(archive, "100", run=4)
    (pack,) = [path for path in git_dir.glob("objects/pack/*.pack") if main_of(archive, 4) in packed(path)]
    for path in git_dir.glob(f"objects/pack/{pack.stem}.*"):
        path.unlink()
    left = sorted(path.name for path in git_dir.glob("objects/pack/*"))

    report = pruned(archive)

    assert list(report.faults) == ["team/shop/api"]
    assert sorted(path.name for path in git_dir.glob("objects/pack/*")) == left
    assert len([name for name in refs_of(git_dir) if "/kept/" in name]) == 3


def packed(pack: Path) -> str:
    return git(pack.parent, "show-index", text=pack.with_suffix(".idx").read_bytes())


def test_a_record_that_names_another_manifest_takes_nothing(archive: Archive) -> None:
    """A flipped digit in the number of a run would have us take what another one saved."""
    forgetting(archive, 1)
    path = archive.root / FORGOTTEN_FILE
    path.write_bytes(path.read_bytes().replace(b'"run":1', b'"run":3'))

    with pytest.raises(Damaged, match="run 3"):
        pruned(archive)

    assert main_of(archive, 4)
    assert read_forgotten(archive).runs.keys() == {3}


def test_a_repository_that_is_no_mirror_is_never_touched_whatever_the_record_says(archive: Archive) -> None:
    git_dir = mirror(archive, "100", run=4)
    (git_dir / "matou-mirror").unlink()
    forgetting(archive, 1, 2, 3)
    name = "refs/matou/kept/000002/heads/main"
    write_forgotten(archive, [DroppedRef(at=NOW, repository="team/shop/api", ref=name, object=refs_of(git_dir)[name])])
    before = {path: path.read_bytes() for path in git_dir.rglob("*") if path.is_file()}

    assert pruned(archive).repositories == ()
    assert {path: path.read_bytes() for path in git_dir.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("path", ["../outside", "team/../../outside", "/etc", "team/shop/api/../web"])
def test_a_record_that_names_what_is_no_place_in_the_archive_takes_nothing(archive: Archive, path: str) -> None:
    forgetting(archive, 1)
    name = "refs/matou/kept/000002/heads/main"
    write_forgotten(archive, [DroppedRef(at=NOW, repository=path, ref=name, object="0" * 40)])

    with pytest.raises(InvalidName):
        pruned(archive)


@pytest.mark.parametrize("seed", range(6))
def test_over_any_history_of_runs_forgets_and_prunes_kept_runs_are_what_they_were(tmp_path: Path, seed: int) -> None:
    check_a_history(tmp_path, random.Random(seed), steps=14)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 160))
def test_over_many_long_histories_kept_runs_are_what_they_were(tmp_path: Path, seed: int) -> None:
    check_a_history(tmp_path, random.Random(seed), steps=60)


def check_a_history(tmp_path: Path, chance: random.Random, *, steps: int) -> None:
    """The model: of each run that is kept, the refs that it saved, and every object that they lead to."""
    source, archive = ScriptedSource(tmp_path / "source"), open_archive(tmp_path / "archive")
    project = source.project("shop")
    names = [source.repository(f"r{number}", project) for number in range(2)]
    saved: dict[int, dict[str, dict[str, str]]] = {}
    for _ in range(steps):
        step = chance.choice(("push", "push", "run", "run", "forget", "prune"))
        if step == "push":
            change(chance.choice(names), chance)
        elif step == "run":
            back_up(source, archive)
            run = max(archive.run_numbers())
            saved[run] = {folder.name: refs_of(folder) for folder in names}
        elif step == "forget" and saved:
            policy = Policy(last=chance.randrange(1, 5)) if chance.random() < 0.5 else None
            if policy is not None:
                forget(archive, policy, now=NOW, is_dry=False)
            else:
                forgetting(archive, *[run for run in kept_of(archive)[:-1] if chance.random() < 0.4])
        elif step == "prune":
            pruned(archive)
        assert_kept_as_modelled(archive, saved)
    if saved:
        pruned(archive)
        assert_kept_as_modelled(archive, saved)
        assert_whole(archive)
        assert_nothing_else_is_left(archive)


def kept_of(archive: Archive) -> list[int]:
    return [run for run, _ in manifests(archive)]


def change(git_dir: Path, chance: random.Random) -> None:
    """A commit, a rewritten branch, a branch set back to one of any other, or a deletion."""
    refs, ref = refs_of(git_dir), f"refs/heads/{chance.choice('abc')}"
    what = chance.random()
    if ref in refs and what < 0.25:
        git(git_dir, "update-ref", "-d", ref)
    elif refs and what < 0.45:
        git(git_dir, "update-ref", ref, git(git_dir, "rev-list", "--all", "--reflog").split()[-1])
    else:
        if what < 0.7 and ref in refs:
            git(git_dir, "update-ref", "-d", ref)
        commit(git_dir, ref, {chance.choice("xyz"): str(chance.random())}, message=str(chance.random()))


def assert_kept_as_modelled(archive: Archive, saved: dict[int, dict[str, dict[str, str]]]) -> None:
    for run in kept_of(archive):
        for one in show(archive, at=run).repositories:
            assert one.fault is None
            expected = saved[run][f"{one.line.id}.git"]
            assert ({} if one.refs is None else dict(one.refs.refs)) == expected
            git_dir = archive.repository(RepositoryPath.parse(one.line.path))
            if expected:
                assert reached(git_dir, *expected.values()) <= reached(git_dir, "--all")


def reached(git_dir: Path, *tips: str) -> set[str]:
    return set(git(git_dir, "rev-list", "--objects", "--no-object-names", *tips).split())


def assert_nothing_else_is_left(archive: Archive) -> None:
    """Every kept ref that stands is of a run that is kept, or holds what a kept run saved."""
    kept = kept_of(archive)
    for one in show(archive).repositories:
        git_dir = archive.repository(RepositoryPath.parse(one.line.path))
        refs = refs_of(git_dir)
        for name in [name for name in refs if name.startswith("refs/matou/kept/")]:
            if int(name.split("/")[3]) in kept:
                continue
            others = [f"^{oid}" for other, oid in refs.items() if other != name and oid != refs[name]]
            tips = {
                oid
                for run in kept
                for then in show(archive, at=run).repositories
                if then.line.id == one.line.id and then.refs
                for oid in then.refs.refs.values()
            }
            same = [other for other, oid in refs.items() if oid == refs[name] and other != name]
            only = set(git(git_dir, "rev-list", refs[name], *others).split())
            assert same or tips & only, name
