"""A field that no backup needs, and that comes otherwise than its document says, keeps nothing from being saved."""

from dataclasses import replace
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import UnseenLine
from support.scripted_source import ScriptedSource, back_up, commit, lines, repository_lines

FAULT = "gitee Repository.pushed_at was 1722238965, which its documentation does not describe"


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    source = ScriptedSource(tmp_path / "source")
    commit(source.repository("api", source.project("shop")), "refs/heads/main", {"a": "b"})
    return source


def test_what_was_left_out_is_noted_and_the_repository_is_saved(source: ScriptedSource, archive: Archive) -> None:
    source.change("100", left_out=(FAULT,))
    report = back_up(source, archive)

    assert report.everything_is_saved
    assert [(note.what, FAULT in str(note.cause)) for note in report.notes] == [("team/shop/api", True)]
    line = repository_lines(archive, 1)["100"]
    assert (line.outcome, line.reason) == ("saved", f"left out, as no backup needs it: {FAULT}")


def test_of_a_namespace_too(source: ScriptedSource, archive: Archive) -> None:
    source.projects = [replace(source.projects[0], left_out=(FAULT,))]
    reports = [back_up(source, archive) for _ in range(2)]

    assert [report.everything_is_saved for report in reports] == [True, True]
    assert [note.what for note in reports[0].notes] == ["shop"]
    assert UnseenLine(what="a field of shop", reason=FAULT) in lines(archive, 1)
