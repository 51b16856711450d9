"""A migration by a target's own importer, whatever that does: it ends late, brings half, is open or imports nothing."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from integration.transfer.test_pull_proof import ASSET, HEAD, as_imported, written
from matou.archive.metadata import MetadataTree
from matou.credentials import GitCredential, Secret
from matou.errors import Conflict, MatouError, NotFound, Phrase
from matou.model.fidelity import MigratedKind, MigrationMethod
from matou.model.metadata import AttachedFile, MarkupText
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility
from matou.model.targets import PLAIN_RULES, NewTargetRepository, TargetRepository
from matou.platforms.base.importer import RepositoryImport, TargetImportFailed, TargetImportRefused
from matou.platforms.registry import PLATFORMS
from matou.transfer.migrate.carried import CarriedKind
from matou.transfer.migrate.command import MigrationOptions, migrate
from matou.transfer.migrate.page import write_page
from matou.transfer.migrate.pull.mover import Pulling
from matou.transfer.migrate.report import MigrationReport, Moved
from support.archive_with_metadata import BEGAN, ArchiveWithMetadata
from support.fake_metadata_target import Killed
from support.github_story import story
from support.saved_conversation import SavedConversation
from support.scripted_source import UploadPackTransport, commit, git

PLACE = "harbour/light"
CLONE_URL = "https://gitea.example/anna/light.git"


@dataclass
class Served:
    """The archive's own folders stand for addresses."""

    root: Path
    granted: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)
    revoked: list[Secret] = field(default_factory=list)

    def address_of(self, path: RepositoryPath | NamespacePath) -> str:
        if isinstance(path, NamespacePath):
            empty = self.root.parent / "empty.git"
            git(self.root, "init", "-q", "--bare", str(empty))
            return str(empty)
        return str(self.root / "repositories" / f"{path}.git")

    def grant(self, paths: Any, *, confidential: bool) -> Secret:
        self.granted.append((tuple(map(str, paths)), confidential))
        return Secret(f"{len(self.granted):040x}")

    def revoke(self, token: Secret) -> None:
        self.revoked.append(token)


@dataclass
class ImportingTarget:
    """An account that imports with git itself; what it shows of what people said, a test says."""

    folder: Path
    shown: SavedConversation | None
    visibility: Visibility = Visibility.PRIVATE
    answers: Callable[[], None] = lambda: None
    late: bool = False
    name: str = "light"
    existing: list[TargetRepository] = field(default_factory=list)
    assigned: dict[str, Sequence[str]] = field(default_factory=dict)
    requests_seen: list[RepositoryImport] = field(default_factory=list)
    opened: list[Visibility] = field(default_factory=list)

    platform = "gitea"
    url = "https://gitea.example/api/v1"
    rules = PLAIN_RULES

    @property
    def git_dir(self) -> Path:
        return self.folder / "light.git"

    def login(self) -> str:
        return "anna"

    def repositories(self, namespace: str) -> Iterator[TargetRepository]:
        return iter(self.existing)

    def create(self, new: NewTargetRepository) -> TargetRepository:
        raise AssertionError("an importer makes its own")

    def fault_of_new_namespace(self, namespace: str) -> Phrase | None:
        return None

    def create_namespace(self, namespace: str) -> None:
        raise AssertionError

    def set_default_branch(self, repository: TargetRepository, branch: str) -> None:
        git(self.git_dir, "symbolic-ref", "HEAD", f"refs/heads/{branch}")

    def set_visibility(self, repository: TargetRepository, visibility: Visibility) -> None:
        self.opened.append(visibility)

    def git_credential(self) -> GitCredential:
        return GitCredential("anna", Secret("x"))

    def require_importer(self) -> None:
        pass

    def start_import(self, wanted: RepositoryImport, /) -> TargetRepository | None:
        self.requests_seen.append(wanted)
        self.answers()
        subprocess.run(["git", "clone", "-q", "--mirror", wanted.address, self.git_dir], check=True)
        return None if self.late else self.there()

    def find(self, namespace: str, name: str) -> TargetRepository | None:
        return self.there() if self.git_dir.exists() else None

    def assign(self, repository: TargetRepository, number: str, people: Sequence[str], /) -> None:
        if "nobody" in people:
            raise NotFound("there is nobody called {name}", name="nobody")
        self.assigned[number] = people

    def there(self) -> TargetRepository:
        return TargetRepository("anna/light", "anna", self.name, CLONE_URL, self.visibility)

    @contextmanager
    def read(self, repository: TargetRepository) -> Iterator[tuple[MetadataTree | None, tuple[MatouError, ...]]]:
        folder = self.folder / "shown"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield None if self.shown is None else written(folder, self.shown), ()


@dataclass
class Connections:
    folders: dict[str, Path]

    def git(self, _: GitCredential) -> UploadPackTransport:
        return UploadPackTransport(self.folders)

    def lfs(self, clone_url: str, credential: GitCredential) -> Any:
        raise AssertionError

    def cancel(self) -> None:
        pass


@dataclass
class Stage:
    """An archive with the story around one repository, and a target."""

    saved: ArchiveWithMetadata
    target: ImportingTarget
    served: Served
    waited: list[float] = field(default_factory=list)
    plans: list[Sequence[CarriedKind]] = field(default_factory=list)

    def migrate(self, **options: Any) -> MigrationReport:
        fidelity = PLATFORMS["gitea"].methods[MigrationMethod.PULL]
        pulling: Any = Pulling(self.target, self.served, self.target, self.waited.append)  # type: ignore[arg-type]
        return migrate(
            self.saved.archive,
            self.target,
            Connections({CLONE_URL: self.target.git_dir}),  # type: ignore[arg-type]
            MigrationOptions("anna", method=MigrationMethod.PULL, fidelity=fidelity, **options),
            pulling=pulling,
            on_plan=lambda carried, _budget: self.plans.append(carried),
        )

    def moved(self, **options: Any) -> Moved:
        [moved] = self.migrate(**options).repositories
        return moved


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    saved = ArchiveWithMetadata(tmp_path / "archive")
    source = tmp_path / "source.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(source))
    commit(source, "refs/heads/main", {"a": "b"})
    git(source, "tag", "v1/a", "main")
    saved.add_code(PLACE, source)
    said = story(HEAD, ASSET)
    saved.run({PLACE: said.values()})
    (tmp_path / "there").mkdir()
    return Stage(saved, ImportingTarget(tmp_path / "there", as_imported()), Served(tmp_path / "archive"))


def texts(moved: Moved) -> list[str]:
    return [str(problem) for problem in moved.problems]


def test_it_is_imported_once_by_a_token_for_it_alone_and_proven(stage: Stage) -> None:
    first, second_stage = stage.moved(), replace(stage.target, existing=[stage.target.there()])
    second = replace(stage, target=second_stage).moved()

    assert (first.outcome, first.is_new, texts(first)) == ("moved", True, [])
    assert (second.outcome, second.is_new, texts(second)) == ("unchanged", False, [])
    [requests_seen] = stage.target.requests_seen
    assert (requests_seen.namespace, requests_seen.name, requests_seen.visibility) == (
        "anna",
        "light",
        Visibility.PRIVATE,
    )
    assert stage.served.granted == [((PLACE,), True)]
    assert stage.served.revoked == [requests_seen.token]
    assert first.arrived == second.arrived
    carried = {kind: count for kind, count in first.held.items() if first.arrived.get(kind)}
    assert carried == {kind: count for kind, count in first.arrived.items() if count}


def test_the_plan_is_told_before_anything_is_done(stage: Stage) -> None:
    foreseen = stage.migrate(dry_run=True)
    assert (stage.target.requests_seen, stage.plans) == ([], [])

    def require_plan() -> None:
        assert len(stage.plans) == 1

    stage.target.answers = require_plan
    report = stage.migrate()

    [plan] = stage.plans
    assert tuple(plan) == foreseen.carried
    assert [replace(row, arrived=0) for row in report.carried] == list(plan)
    rows = {row.kind: (row.held, row.arrived) for row in report.carried}
    assert rows[MigratedKind.ISSUE] == (3, 3)
    assert rows[MigratedKind.ASSIGNEE] == (1, 0)
    assert rows[MigratedKind.MEMBER] == (1, 0)


def test_the_report_is_a_page_in_the_archive(stage: Stage) -> None:
    page = write_page(stage.saved.archive, stage.migrate(), BEGAN)

    assert page == stage.saved.archive.root / "migrations" / "2026-01-01T080000Z-gitea.md"
    text = page.read_text(encoding="utf-8")
    assert "| issues | 3 | 3 | with number, time and author;" in text
    assert f"* **harbour/{PLACE}** → anna/light: moved" in text


def test_what_is_missing_or_otherwise_is_a_problem_and_stays(stage: Stage) -> None:
    assert stage.target.shown is not None
    del stage.target.shown.issues["2"]

    moved = stage.moved()

    assert (moved.outcome, texts(moved)) == ("incomplete", ["issue 2 is not there"])
    assert stage.target.git_dir.exists()


def test_where_no_answer_came_the_target_is_looked_at_until_all_is_there(stage: Stage) -> None:
    stage.target.late = True

    assert stage.moved().outcome == "moved"
    assert stage.waited == [5.0]


def test_where_nothing_more_comes_it_is_told_what_is_missing(stage: Stage) -> None:
    assert stage.target.shown is not None
    stage.target.late = True
    del stage.target.shown.changes["6"]

    assert texts(stage.moved()) == ["change request 6 is not there"]
    assert len(stage.waited) == 7


def test_an_import_that_is_gone_has_failed(stage: Stage) -> None:
    def vanish() -> None:
        raise TargetImportFailed("the import ended, and nothing is there")

    stage.target.answers = vanish

    moved = stage.moved()

    assert (moved.outcome, texts(moved)) == ("failed", ["the import ended, and nothing is there"])
    assert len(stage.served.revoked) == 1


def test_a_refusal_has_its_advice(stage: Stage) -> None:
    def refuse() -> None:
        raise TargetImportRefused("not from there", advice="ALLOW_LOCALNETWORKS")

    stage.target.answers = refuse

    [problem] = stage.moved().problems
    assert problem.advice == "ALLOW_LOCALNETWORKS"


def test_what_came_more_open_than_it_was_is_closed(stage: Stage) -> None:
    stage.target.visibility = Visibility.PUBLIC

    stage.moved()

    assert stage.target.opened == [Visibility.PRIVATE]


def test_what_becomes_of_confidential_items_is_counted_in_plan_and_report(stage: Stage) -> None:
    def on_confidential(moved: Moved) -> list[str]:
        return [str(note) for note in moved.notes if "confidential" in str(note)]

    private, stage.saved.visibility = stage.moved(dry_run=True), Visibility.PUBLIC
    stage.saved.run({})
    stage.target.visibility = Visibility.PUBLIC
    planned, moved = stage.moved(dry_run=True), stage.moved()

    [shown] = on_confidential(private)
    assert shown.startswith("1 confidential item can be seen there by all")
    [left] = on_confidential(planned)
    assert left == "1 confidential item stays in the archive, since others may see the repository there"
    assert on_confidential(moved) == [left]
    assert stage.served.granted == [((PLACE,), False)]
    assert (private.held[MigratedKind.ISSUE], planned.held[MigratedKind.ISSUE]) == (3, 2)


def test_what_to_do_about_an_import_that_was_cut_off_is_told(stage: Stage) -> None:
    assert stage.target.shown is not None
    stage.moved()
    stage.target.existing = [stage.target.there()]
    del stage.target.shown.issues["2"]

    moved = stage.moved()

    assert moved.outcome == "incomplete"
    assert any("delete the repository there and run this again" in str(note) for note in moved.notes)


def test_an_empty_repository_that_is_there_is_left_alone(stage: Stage) -> None:
    stage.target.existing = [stage.target.there()]
    git(stage.target.folder, "init", "-q", "--bare", str(stage.target.git_dir))

    for options in ({}, {"dry_run": True}):
        moved = stage.moved(**options)
        [problem] = moved.problems
        assert (moved.outcome, isinstance(problem, Conflict)) == ("failed", True)
    assert stage.target.requests_seen == []


def test_another_history_that_is_there_is_left_alone(stage: Stage) -> None:
    stage.target.existing = [stage.target.there()]
    git(stage.target.folder, "init", "-q", "--bare", "-b", "main", str(stage.target.git_dir))
    commit(stage.target.git_dir, "refs/heads/main", {"x": "y"}, message="another")

    moved = stage.moved()

    assert (moved.outcome, "nothing was sent" in texts(moved)[0]) == ("failed", True)


def test_those_are_assigned_whom_a_person_named(stage: Stage) -> None:
    moved = stage.moved(people={"gitee:18": "lili", "gitee:17": "wang"})

    assert stage.target.assigned == {"2": ["lili"]}
    assert (moved.outcome, moved.arrived[MigratedKind.ASSIGNEE]) == ("moved", 1)


def test_an_assignment_that_is_not_there_is_told_each_time(stage: Stage) -> None:
    stage.moved(people={"gitee:18": "nobody"})
    stage.target.existing = [stage.target.there()]

    moved = stage.moved(people={"gitee:18": "nobody"})

    assert (moved.outcome, moved.arrived[MigratedKind.ASSIGNEE]) == ("unchanged", 0)
    assert any("assignment is not there" in str(note) for note in moved.notes)


def test_somebody_who_is_not_there_is_a_problem(stage: Stage) -> None:
    moved = stage.moved(people={"gitee:18": "nobody"})

    assert (moved.outcome, texts(moved)) == ("incomplete", ["there is nobody called nobody"])


def killed_while_the_target_imports(stage: Stage) -> None:
    """After it was told, and before it answered; it goes on for a while."""

    def killed() -> None:
        address = stage.target.requests_seen[-1].address
        subprocess.run(["git", "clone", "-q", "--mirror", address, stage.target.git_dir], check=True)
        raise Killed

    stage.target.answers = killed
    with pytest.raises(Killed):
        stage.migrate(jobs=1)
    stage.target.existing = [stage.target.there()]


@pytest.mark.parametrize("have_written", [False, True])
def test_the_run_after_one_that_was_killed_says_exactly_what_to_do(stage: Stage, *, have_written: bool) -> None:
    killed_while_the_target_imports(stage)
    assert stage.target.shown is not None
    del stage.target.shown.issues["2"]
    if have_written:
        first = stage.target.shown.issues["1"]
        more = replace(first.comments[0], id="99", text=MarkupText(markup="markdown", body="new"))
        stage.target.shown.issues["1"] = replace(first, comments=(*first.comments, more))

    planned, moved = stage.moved(dry_run=True), stage.moved()

    [advice] = [str(note) for note in moved.notes if "was cut off" in str(note)]
    assert advice in [str(note) for note in planned.notes]
    assert f"delete the repository there, {CLONE_URL.removesuffix('.git')}" in advice
    assert ("keep what they wrote" in advice) is have_written


def test_what_came_whole_though_the_run_was_killed_needs_nothing(stage: Stage) -> None:
    killed_while_the_target_imports(stage)

    moved = stage.moved()

    assert (moved.outcome, texts(moved)) == ("unchanged", [])
    assert not any("delete" in str(note) for note in moved.notes)
    assert not list(stage.saved.archive.root.rglob("*.importing"))


def test_what_was_never_cut_off_is_not_said_to_be(stage: Stage) -> None:
    stage.moved()
    stage.target.existing = [stage.target.there()]
    assert stage.target.shown is not None
    del stage.target.shown.issues["2"]

    [advice] = [str(note) for note in stage.moved().notes if "imports all of it anew" in str(note)]

    assert "cut off" not in advice


def test_where_pictures_stay_is_told_in_the_plan_and_the_report(stage: Stage) -> None:
    said = story(HEAD, ASSET)
    picture = AttachedFile(url="https://foruda.gitee.com/a.png", name="a.png", sha256=ASSET, size=1)
    more = AttachedFile(url="/uploads/b.png", name="b.png", missing="gone")
    said.issues["I6BBB"] = replace(said.issues["I6BBB"], files=(picture, more, picture))
    stage.saved.run({PLACE: said.values()})

    [planned] = [str(note) for note in stage.moved(dry_run=True).notes if "looked for" in str(note)]
    [told] = [str(note) for note in stage.moved().notes if "looked for" in str(note)]

    assert planned == told
    assert "foruda.gitee.com" in told
    assert "'/uploads/b.png'" in told
