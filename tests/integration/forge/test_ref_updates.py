"""Refs changed without a push: all or none, told as events, and with others at work on the same repository."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from matou.db.events import Event, list_events
from matou.db.repositories import Repository
from matou.db.users import User
from matou.db.visibility import EVERYTHING
from matou.errors import MatouError, TryLater
from matou.forge.access import ALL_SCOPES, Identity, NoSuchRepository
from matou.forge.content.file_changes import FileChange
from matou.forge.content.ref_updates import DefaultBranchUndeletable, HiddenRef, RefChanged, RefTaken
from matou.forge.forge import Forge
from matou.forge.push.push_rules import PushRuleBroken
from matou.forge.push.pushes import MOST_EVENTS_OF_A_PUSH
from matou.forge.repositories.repository_lists import find_repository_by_id
from matou.git.odb.objects import TreePath
from matou.model.events import EventKind
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefChange
from matou.model.repository_settings import PushRules
from support.deciding import (
    change_settings,
    create_branch,
    create_file,
    create_tag,
    delete_branch,
    delete_repository,
    delete_tag,
    rename_repository,
    update_refs,
)
from support.file_editor import Editor
from support.git_repositories import ENVIRONMENT, git, refs_of, tip_of


class RefEditor(Editor):
    """Moves refs, and reads what was told of it."""

    def again(self) -> "RefEditor":
        """The repository as it is now."""
        return RefEditor(self.forge, find_repository_by_id(self.forge, self.repository.id), self.identity)

    def write(self, path: str, message: str = "a change") -> ObjectId:
        file_change = FileChange(TreePath.parse(path), message)
        return create_file(self.forge, self.identity, self.repository, file_change, path.encode()).commit.id

    def update(self, *changes: RefChange) -> None:
        update_refs(self.forge, self.identity, self.repository, changes)

    def events(self) -> tuple[Event, ...]:
        """The newest last."""
        with self.forge.database.begin_read() as connection:
            return list_events(connection, self.repository.id, kinds=set(EventKind), viewer=EVERYTHING)[::-1]

    def files(self) -> list[Path]:
        return sorted(path for path in self.git_dir.rglob("*") if path.is_file())


@pytest.fixture
def editor(forge: Forge, repository: Repository, anna: User) -> RefEditor:
    made = RefEditor(forge, repository, Identity(anna, ALL_SCOPES))
    made.write("README.md")
    made.write("second")
    return made.again()


def branch(name: str, old: ObjectId | None, new: ObjectId | None) -> RefChange:
    return RefChange(RefName(f"refs/heads/{name}"), old, new)


def test_a_change_that_cannot_be_made_stops_the_others_of_its_transaction(editor: RefEditor) -> None:
    tip, older = tip_of(editor.git_dir, "main"), tip_of(editor.git_dir, "main~1")
    before, told = refs_of(editor.git_dir), editor.events()

    with pytest.raises(RefTaken):
        editor.update(branch("new", None, tip), branch("main", None, older))
    with pytest.raises(RefChanged):
        editor.update(branch("new", None, tip), branch("main", older, tip))
    with pytest.raises(DefaultBranchUndeletable):
        editor.update(branch("new", None, tip), branch("main", tip, None))
    with pytest.raises(HiddenRef):
        editor.update(branch("new", None, tip), RefChange(RefName("refs/matou/kept/1"), None, tip))

    assert (refs_of(editor.git_dir), editor.events()) == (before, told)


def test_what_changed_is_told_as_events(editor: RefEditor) -> None:
    tip, older = tip_of(editor.git_dir, "main"), tip_of(editor.git_dir, "main~1")
    who, repository = editor.identity, editor.repository

    create_branch(editor.forge, who, repository, "side", start="main")
    editor.update(branch("side", tip, older))
    delete_branch(editor.forge, who, repository, "side")
    tag = create_tag(editor.forge, who, repository, "v1", start="main", message="one")
    delete_tag(editor.forge, who, repository, "v1")

    side, mark, subject = "refs/heads/side", "refs/tags/v1", "a change"
    assert [(event.kind, json.loads(event.details)) for event in editor.events()[-5:]] == [
        (EventKind.BRANCH_CREATED, {"ref": side, "before": None, "after": tip, "title": subject}),
        (EventKind.PUSH, {"ref": side, "before": tip, "after": older, "title": subject}),
        (EventKind.BRANCH_DELETED, {"ref": side, "before": older, "after": None, "title": ""}),
        (EventKind.TAG_CREATED, {"ref": mark, "before": None, "after": tag, "title": subject}),
        (EventKind.TAG_DELETED, {"ref": mark, "before": tag, "after": None, "title": ""}),
    ]
    assert {event.user for event in editor.events()[-5:]} == {editor.identity.user}


def test_a_first_file_is_told_as_a_new_branch_and_the_next_as_a_push(editor: RefEditor) -> None:
    kinds = [event.kind for event in editor.events() if event.kind is not EventKind.CREATED]

    assert kinds == [EventKind.BRANCH_CREATED, EventKind.PUSH]


def test_very_many_refs_at_once_are_told_in_one_event(editor: RefEditor) -> None:
    tip = tip_of(editor.git_dir, "main")
    told = len(editor.events())

    editor.update(*(branch(f"b{number}", None, tip) for number in range(MOST_EVENTS_OF_A_PUSH + 1)))

    (event,) = editor.events()[told:]
    assert (event.kind, json.loads(event.details)) == (EventKind.PUSH, {"refs": MOST_EVENTS_OF_A_PUSH + 1})


def test_a_write_adds_what_it_kept_to_the_repositorys_size(editor: RefEditor) -> None:
    before, size_bytes = set(editor.files()), editor.again().repository.size_bytes

    editor.write("deep/in/folders")
    create_branch(editor.forge, editor.identity, editor.repository, "side", start="main")

    objects = {path for path in set(editor.files()) - before if "objects" in path.parts}
    assert len(objects) == 5
    assert editor.again().repository.size_bytes == size_bytes + sum(path.stat().st_size for path in objects)


def test_a_rule_that_is_broken_leaves_no_object_behind(editor: RefEditor) -> None:
    change_settings(editor.forge, editor.identity, editor.repository, PushRules, commit_message_regex="^JIRA-[0-9]+")
    before, told = editor.files(), editor.events()

    with pytest.raises(PushRuleBroken, match="JIRA"):
        editor.write("deep/in/folders", "no number")

    assert (editor.files(), editor.events()) == (before, told)
    assert editor.write("deep/in/folders", "JIRA-7: a number") == tip_of(editor.git_dir, "main")


def test_a_lost_race_leaves_no_object_behind(editor: RefEditor) -> None:
    (editor.git_dir / "refs/heads/main.lock").touch()
    before = editor.files()

    with pytest.raises(TryLater):
        editor.write("x")

    assert editor.files() == before


def write_until_done(editor: RefEditor, name: str, count: int) -> list[ObjectId]:
    """Write so many files, asking again as long as that may help; gives the commits that were acknowledged."""
    acknowledged: list[ObjectId] = []
    while len(acknowledged) < count:
        try:
            acknowledged.append(editor.again().write(f"{name}/{len(acknowledged)}"))
        except TryLater:
            continue
    return acknowledged


def test_a_repository_that_is_renamed_under_its_writers_loses_nothing(editor: RefEditor) -> None:
    def rename() -> None:
        for number in range(8):
            rename_repository(editor.forge, editor.again().repository, f"ship-{number}")

    with ThreadPoolExecutor(4) as pool:
        renaming = pool.submit(rename)
        writing = [pool.submit(write_until_done, editor, name, 10) for name in ("a", "b", "c")]
        renaming.result()
        acknowledged = {commit for each in writing for commit in each.result()}

    now = editor.again().git_dir
    assert acknowledged < set(git(now, "rev-list", "--first-parent", "main").split())
    assert git(now, "rev-list", "--count", "main") == "32"
    assert git(now, "fsck", "--strict", "--unreachable") == ""
    assert [path for path in now.rglob("*") if path.name.endswith(".lock") or path.name.startswith("tmp")] == []


def test_a_repository_that_is_deleted_under_its_writers_is_gone_for_all_of_them(editor: RefEditor) -> None:
    def write_for_ever(name: str) -> MatouError:
        number = 0
        while True:
            try:
                editor.write(f"{name}/{number}")
                number += 1
            except MatouError as error:
                return error

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write_for_ever, name) for name in ("a", "b", "c")]
        delete_repository(editor.forge, editor.repository)
        errors = [each.result() for each in writing]

    assert [type(error) for error in errors] == [NoSuchRepository] * 3
    assert not editor.git_dir.exists()


def test_writers_and_pushes_to_one_branch_lose_nothing_of_one_another(editor: RefEditor, tmp_path: Path) -> None:
    """The pushes are those of plain git, which no lock of ours holds back."""
    clone = tmp_path / "clone"
    git(None, "clone", "--quiet", editor.git_dir, clone)

    def push(count: int) -> list[str]:
        pushed = []
        for number in range(count):
            words = ["commit", "--quiet", "--allow-empty", "-m", f"pushed {number}"]
            subprocess.run(["git", "-C", str(clone), *words], env=ENVIRONMENT, check=True)
            while subprocess.run(
                ["git", "-C", str(clone), "push", "--quiet"], env=ENVIRONMENT, capture_output=True
            ).returncode:
                pull = ["git", "-C", str(clone), "pull", "--quiet", "--rebase"]
                subprocess.run(pull, env=ENVIRONMENT, check=True, capture_output=True)
            pushed.append(f"pushed {number}")
        return pushed

    with ThreadPoolExecutor(3) as pool:
        pushing = pool.submit(push, 6)
        writing = [pool.submit(write_until_done, editor, name, 12) for name in ("a", "b")]
        acknowledged = {commit for each in writing for commit in each.result()}
        pushed = pushing.result()

    assert acknowledged < set(git(editor.git_dir, "rev-list", "main").split())
    assert set(pushed) < set(git(editor.git_dir, "log", "--format=%s", "main").splitlines())
    assert git(editor.git_dir, "rev-list", "--min-parents=2", "main") == ""
    assert git(editor.git_dir, "fsck", "--strict", "--no-dangling") == ""
