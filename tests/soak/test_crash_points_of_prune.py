"""`matou prune`, and git below it, killed at each call that changes a name or makes one last; and a disk that fails.

After each cut the archive is whole, each run is what it was, and the next prune ends where an undisturbed one does.
"""

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.archive.forgotten import FORGOTTEN_FILE, ForgottenRun, write_forgotten
from matou.archive.layout import Archive
from matou.archive.run_history import digest_of_file
from support.crash_points import INPUT_OUTPUT_ERROR, KILL, NAMING, SYNCING, Point, Traced, require_strace, trace
from support.program import Person
from support.scripted_source import ScriptedSource, back_up, commit, git, open_archive, refs_of

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
MAIN = "refs/heads/main"
KEPT = (3, 4)


@dataclass(frozen=True)
class Forgotten:
    """An archive of two repositories and four runs, of which the first two were forgotten.

    Attributes:
        saved: what each run that is kept restores to, by run and repository: its refs.
        pruned: what an undisturbed prune leaves: refs, objects and blobs.
    """

    person: Person
    folder: Path
    archive: Path
    saved: dict[int, dict[str, dict[str, str]]]

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.archive, self.folder / name, symlinks=True))

    def prune(self, root: Path, *, point: Point | None = None, git_only: bool = False) -> Traced:
        traces = root.with_name(root.name + "-traces")
        return trace(self.person, traces, "prune", root, "--yes", point=point, git_only=git_only)

    def assert_whole(self, root: Path) -> None:
        report = json.loads(self.person.matou("verify", root, "--all", "--json", code=None).out)
        assert report["problems"] == []

    def assert_kept_runs_are_what_they_were(self, root: Path) -> None:
        for run in KEPT:
            to = root.with_name(f"{root.name}-restored")
            self.person.matou("restore", root, "--to", to, "--at", str(run))
            for name, refs in self.saved[run].items():
                assert refs_of(to / f"team/shop/{name}.git") == refs
                git(to / f"team/shop/{name}.git", "fsck", "--full", "--strict")
            shutil.rmtree(to)

    def assert_ends_as(self, root: Path, expected: object) -> None:
        self.person.matou("prune", root, "--yes")
        assert state_of(root) == expected
        assert left_in(root) == []
        self.assert_whole(root)


def state_of(root: Path) -> object:
    """Refs and objects of each repository, and the blobs."""
    repositories = {
        path.name: (refs_of(path), sorted(git(path, "cat-file", "--batch-all-objects", "--batch-check").splitlines()))
        for path in (root / "repositories").rglob("*.git")
    }
    return repositories, sorted(path.name for path in (root / "blobs").rglob("*") if path.is_file())


def left_in(root: Path) -> list[Path]:
    found = [path for path in (root / "repositories").rglob("*") if path.name.startswith(("tmp_", ".tmp-"))]
    found += [path for path in root.rglob("*") if path.name.endswith((".lock", ".partial"))]
    return [*found, *(root / "staging").iterdir()]


@pytest.fixture
def forgotten(person: Person, tmp_path: Path) -> Forgotten:
    require_strace(tmp_path)
    source, archive = ScriptedSource(tmp_path / "source"), open_archive(tmp_path / "archive")
    shop = source.project("shop")
    folders = {name: source.repository(name, shop) for name in ("api", "web")}
    saved: dict[int, dict[str, dict[str, str]]] = {}
    for run in range(1, 5):
        for name, folder in folders.items():
            git(folder, "update-ref", "-d", MAIN)
            commit(folder, MAIN, {"file": f"{name} {run}"}, message=str(run))
            commit(folder, "refs/heads/steady", {"more": str(run)}, message=f"more {run}")
        back_up(source, archive)
        saved[run] = {name: refs_of(folder) for name, folder in folders.items()}
    lines = [
        ForgottenRun(at=NOW, run=run, sha256=digest_of_file(archive.manifest(run)), policy="a test") for run in (1, 2)
    ]
    write_forgotten(archive, lines)
    return Forgotten(person, tmp_path, archive.root, saved)


@pytest.mark.parametrize("call", [*NAMING, *SYNCING])
@pytest.mark.parametrize("git_only", [False, True], ids=["matou", "git"])
def test_a_prune_that_is_killed_at_any_call_leaves_a_whole_archive_and_can_be_finished(
    forgotten: Forgotten, call: str, git_only: bool
) -> None:
    undisturbed = forgotten.copy("undisturbed")
    counted = forgotten.prune(undisturbed, git_only=git_only)
    assert counted.ended.code == 0, counted.ended.err
    forgotten.assert_whole(undisturbed)
    expected = state_of(undisturbed)
    assert expected != state_of(forgotten.archive)

    struck = 0
    for number in range(1, counted.most(call) + 1):
        root = forgotten.copy(f"{call}-{number}")
        traced = forgotten.prune(root, point=Point(call, number, KILL), git_only=git_only)
        struck += traced.strikes > 0
        assert traced.strikes == 0 or traced.ended.code != 0
        forgotten.assert_whole(root)
        forgotten.assert_kept_runs_are_what_they_were(root)
        forgotten.assert_ends_as(root, expected)
        shutil.rmtree(root)

    print(f"{call}: killed at {struck} of {counted.most(call)} points")
    assert struck == counted.most(call)


@pytest.mark.parametrize("call", SYNCING)
@pytest.mark.parametrize("git_only", [False, True], ids=["matou", "git"])
def test_a_disk_that_cannot_sync_is_never_a_success(forgotten: Forgotten, call: str, git_only: bool) -> None:
    counted = forgotten.prune(forgotten.copy("counted"), git_only=git_only)
    expected = state_of(forgotten.folder / "counted")

    for number in range(1, counted.most(call) + 1):
        root = forgotten.copy(f"{call}-{number}")
        traced = forgotten.prune(root, point=Point(call, number, INPUT_OUTPUT_ERROR), git_only=git_only)
        print(f"{call} {number}: {traced.strikes} struck, exit {traced.ended.code}: {traced.ended.err.strip()[-200:]}")
        assert traced.ended.code in {1, 3}
        forgotten.assert_whole(root)
        forgotten.assert_kept_runs_are_what_they_were(root)
        forgotten.assert_ends_as(root, expected)
        shutil.rmtree(root)


def test_the_record_of_what_was_forgotten_only_grows(forgotten: Forgotten) -> None:
    before = (forgotten.archive / FORGOTTEN_FILE).read_bytes()
    root = forgotten.copy("record")

    forgotten.prune(root)

    after = (root / FORGOTTEN_FILE).read_bytes()
    assert after.startswith(before)
    assert [json.loads(line)["kind"] for line in after.splitlines()] == ["run"] * 2 + ["kept-ref"] * 2 + ["pruned"] * 2
    assert Archive.open(root).identity.features == ("forgotten",)
