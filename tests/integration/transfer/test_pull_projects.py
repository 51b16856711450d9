"""Issues that belong to a project arrive in a repository without code, by the same import."""

from dataclasses import replace
from pathlib import Path

import pytest

from integration.transfer.test_pull_mover import CLONE_URL, ImportingTarget, Served, Stage, texts
from integration.transfer.test_pull_proof import as_imported
from matou.errors import Conflict
from matou.model.fidelity import MigratedKind
from matou.model.metadata import Announcement, MarkupText
from matou.model.metadata.kinds import ANNOUNCEMENT
from matou.model.platform import Visibility
from support.archive_with_metadata import ArchiveWithMetadata
from support.github_story import story
from support.saved_conversation import SavedConversation
from support.scripted_source import commit, git

PROJECT = "harbour/boats"

NAME = "harbour-boats-issues"
"""The archive calls its projects by their paths."""


def without_changes(said: SavedConversation) -> SavedConversation:
    """Of a project nothing is proposed or released. What refers to a change request is told as it is."""
    said.changes, said.releases = {}, {}
    issue = said.issues[next(iter(said.issues))]
    [comment] = issue.comments
    text = MarkupText(markup="markdown", body="见 #2 和 !4" if issue.number == "1" else "见 #I6BBB 和 !4")
    said.issues[issue.number] = replace(issue, comments=(replace(comment, text=text),))
    return said


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    saved = ArchiveWithMetadata(tmp_path / "archive")
    notice = Announcement(id="1", title="放假", text=MarkupText(markup="markdown", body="周五"))
    saved.run({}, {PROJECT: [*without_changes(story("1" * 40, "2" * 64)).values(), (ANNOUNCEMENT, notice)]})
    (tmp_path / "there").mkdir()
    target = ImportingTarget(tmp_path / "there", without_changes(as_imported()), name=NAME)
    return Stage(saved, target, Served(tmp_path / "archive"))


def test_they_are_imported_once_into_a_repository_of_their_own_and_proven(stage: Stage) -> None:
    foreseen = stage.migrate(dry_run=True)
    first = stage.migrate()
    [moved] = first.repositories
    again = replace(stage, target=replace(stage.target, existing=[stage.target.there()])).migrate()

    [wanted] = stage.target.requests_seen
    assert (wanted.name, wanted.visibility) == (NAME, Visibility.PRIVATE)
    assert stage.served.granted == [((PROJECT,), True)]
    assert (moved.outcome, texts(moved)) == ("moved", [])
    assert [one.outcome for one in again.repositories] == ["unchanged"]
    for report in (foreseen, first, again):
        rows = {row.kind: (row.held, row.fidelity.arrives) for row in report.carried}
        assert rows[MigratedKind.PROJECT_ISSUE] == (3, True)
        assert rows[MigratedKind.ANNOUNCEMENT] == (1, False)
        assert MigratedKind.CODE not in rows
    arrived = {row.kind: row.arrived for row in first.carried}
    assert (arrived[MigratedKind.PROJECT_ISSUE], arrived[MigratedKind.COMMENT]) == (3, 1)


def test_what_is_missing_of_them_is_told(stage: Stage) -> None:
    assert stage.target.shown is not None
    del stage.target.shown.issues["2"]

    assert texts(stage.moved()) == ["issue 2 is not there"]


def test_code_that_somebody_pushed_beside_them_is_theirs(stage: Stage) -> None:
    stage.moved()
    commit(stage.target.git_dir, "refs/heads/main", {"a": "b"})
    stage.target.existing = [stage.target.there()]

    assert stage.moved().outcome == "unchanged"


def test_a_repository_that_has_nothing_of_the_project_is_left_alone(stage: Stage) -> None:
    stage.target.existing, stage.target.shown = [stage.target.there()], None
    git(stage.target.folder, "init", "-q", "--bare", str(stage.target.git_dir))

    for options in ({}, {"dry_run": True}):
        moved = stage.moved(**options)
        [problem] = moved.problems
        assert (moved.outcome, isinstance(problem, Conflict)) == ("failed", True)
    assert stage.target.requests_seen == []
    assert stage.target.there().clone_url == CLONE_URL
