"""What the summary and the report of a run say: whether all was saved, and where the time went."""

from pathlib import Path

from matou.archive.manifest import Outcome
from matou.transfer.backup.gaps import GapCause
from matou.transfer.backup.metadata.selection import KindSelection
from matou.transfer.backup.run_report import RunFilter, read_report
from matou.transfer.common.saved_repositories import summarize_run
from support.scripted_metadata import ScriptedAccess, ScriptedForge
from support.scripted_source import ScriptedSource, back_up, commit, git, open_archive


def test_a_run_to_which_a_project_refused_a_kind_is_not_whole(tmp_path: Path) -> None:
    source, archive = ScriptedSource(tmp_path / "source"), open_archive(tmp_path / "archive")
    commit(source.repository("api", source.project("project")), "refs/heads/main", {"readme": "x"})
    forge = ScriptedForge()
    access = ScriptedAccess({"p1": forge})

    back_up(source, archive, access=access)
    forge.faults["GET /hooks"] = 403
    back_up(source, archive, access=access)
    back_up(source, archive, access=access, metadata=KindSelection(is_code_only=True))

    assert [summarize_run(archive, run).is_whole for run in (1, 2, 3)] == [True, False, True]
    report = read_report(archive, 2)
    assert [line.outcome for line in report.lines] == [Outcome.UNCHANGED]
    assert [(gap.what, gap.cause) for gap in report.gaps] == [("hook", GapCause.REFUSED)]


def test_a_report_tells_where_the_time_went_and_finds_what_was_overwritten(tmp_path: Path) -> None:
    source, archive = ScriptedSource(tmp_path / "source"), open_archive(tmp_path / "archive")
    for project in (source.project("shop"), source.project("pier")):
        for name in ("api", "web"):
            commit(source.repository(name, project), "refs/heads/main", {"readme": name})
    back_up(source, archive)
    git_dir = source.git_dir("100")
    git(git_dir, "update-ref", "-d", "refs/heads/main")
    commit(git_dir, "refs/heads/main", {"other": "x"}, message="instead")

    back_up(source, archive)

    first, second = read_report(archive, 1), read_report(archive, 2)
    assert sorted((part.path, part.repositories) for part in first.times()) == [("team/pier", 2), ("team/shop", 2)]
    assert [part.seconds for part in first.times()] == sorted((part.seconds for part in first.times()), reverse=True)
    assert first.chosen(RunFilter.KEPT) == []
    (kept,) = second.chosen(RunFilter.KEPT)
    assert kept.path == "team/shop/api"
    assert len(first.slowest(3)) == 3
