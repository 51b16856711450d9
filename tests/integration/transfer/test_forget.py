"""Runs are forgotten: what is kept still works, what is forgotten says so, and only what nobody needs may go."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

from matou.archive.forgotten import FORGOTTEN_FILE, DroppedRef, ForgottenRun, read_forgotten, write_forgotten
from matou.archive.layout import FORGETTING, Archive
from matou.archive.lock import ArchiveBusy, lock_archive
from matou.archive.manifest import DamagedManifest
from matou.archive.run_history import (
    RunForgotten,
    digest_of_file,
    faults_of_chain,
    manifests,
    previous_run,
    read_history,
)
from matou.transfer.common.saved_repositories import RunState, runs, show
from matou.transfer.restore.command import restore
from matou.transfer.restore.report import Layout
from matou.transfer.room.forget import ForgetPlan, NoSuchSource, forget
from matou.transfer.room.policy import Policy
from matou.transfer.verify.command import verify
from matou.transfer.verify.report import VerifyReport
from support.scripted_source import ScriptedSource, back_up, commit, git, mirror, open_archive, refs_of

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
MAIN = "refs/heads/main"


@pytest.fixture
def source(tmp_path: Path) -> ScriptedSource:
    source = ScriptedSource(tmp_path / "source")
    source.repository("api", source.project("shop"))
    return source


@pytest.fixture
def archive(source: ScriptedSource, tmp_path: Path) -> Archive:
    """Five runs; `main` was rewritten before each of them, so that each but the first has made a kept ref."""
    archive = open_archive(tmp_path / "archive")
    for number in range(1, 6):
        rewrite(source, number)
        back_up(source, archive)
    return archive


def rewrite(source: ScriptedSource, number: int) -> str:
    git_dir = source.git_dir("100")
    git(git_dir, "update-ref", "-d", MAIN)
    return commit(git_dir, MAIN, {"file": f"{number}"}, message=f"{number}")


def forgetting(archive: Archive, *sources: str, is_dry: bool = False, **policy: Any) -> ForgetPlan:
    return forget(archive, Policy(**policy), now=NOW, sources=sources, is_dry=is_dry)


def verified(archive: Archive) -> VerifyReport:
    return verify(archive, everything=False, jobs=2, now=NOW)


def dropped_of(plan: ForgetPlan) -> set[str]:
    return {name.removeprefix("refs/matou/kept/") for one in plan.repositories for name in one.refs}


def test_a_dry_run_names_what_would_go_and_changes_no_byte(archive: Archive) -> None:
    before = {path: path.read_bytes() for path in archive.root.rglob("*") if path.is_file()}

    plan = forgetting(archive, is_dry=True, last=2)

    assert plan.forgotten == (1, 2, 3)
    assert dropped_of(plan) == {"000002/heads/main", "000003/heads/main"}
    assert {path: path.read_bytes() for path in archive.root.rglob("*") if path.is_file()} == before


def test_no_run_is_old_for_a_clock_that_is_ahead_in_the_newest_one(source: ScriptedSource, archive: Archive) -> None:
    rewrite(source, 6)
    with time_machine.travel(datetime(2099, 1, 1, tzinfo=UTC)):
        back_up(source, archive)

    assert forget(archive, Policy(within="90d"), now=datetime.now(UTC), is_dry=True).forgotten == ()


def test_a_kept_ref_of_a_forgotten_run_stays_while_a_run_that_is_kept_needs_it(archive: Archive) -> None:
    """Run 2 let go what run 1 had saved: without run 2, and with run 1, its kept ref is all that holds that."""
    write_forgotten(archive, forget_lines(archive, 2, 3))

    plan = forgetting(archive, last=9, is_dry=True)

    assert plan.forgotten == ()
    assert dropped_of(plan) == {"000003/heads/main"}


def forget_lines(archive: Archive, *numbers: int) -> list[ForgottenRun]:
    return [
        ForgottenRun(at=NOW, run=run, sha256=digest_of_file(archive.manifest(run)), policy="a test") for run in numbers
    ]


def test_forgotten_runs_say_when_and_by_what_policy_and_the_others_are_as_they_were(
    archive: Archive, tmp_path: Path
) -> None:
    saved = {run: show(archive, at=run).repositories[0].refs for run in (4, 5)}

    forgetting(archive, last=2)

    assert [run for run, _ in manifests(archive)] == [4, 5]
    assert {run: show(archive, at=run).repositories[0].refs for run in (4, 5)} == saved
    with pytest.raises(RunForgotten, match=r"run 2 was forgotten at 2026-11-30T08:00:00Z.*--keep-last 2"):
        read_history(archive, at=2)
    with pytest.raises(RunForgotten):
        restore(archive, to=tmp_path / "to", at=1, worktree=False, layout=Layout.PLAIN, jobs=1, now=NOW)
    assert [one.state for one in runs(archive)] == [RunState.FORGOTTEN] * 3 + [RunState.ENDED] * 2


def test_the_chain_of_manifests_goes_on_over_forgotten_runs(source: ScriptedSource, archive: Archive) -> None:
    forgetting(archive, last=1)
    rewrite(source, 6)
    back_up(source, archive)

    assert list(faults_of_chain(archive)) == []
    assert verified(archive).is_whole
    previous = previous_run(archive)
    assert previous is not None
    assert previous.run == 6


def test_from_then_on_only_a_matou_opens_the_archive_that_knows_of_it(archive: Archive) -> None:
    before = json.loads((archive.root / "archive.json").read_bytes())

    forgetting(archive, last=9)
    assert json.loads((archive.root / "archive.json").read_bytes()) == before
    forgetting(archive, last=1)

    assert json.loads((archive.root / "archive.json").read_bytes()) == {**before, "features": [FORGETTING]}


def test_a_kept_ref_that_is_lost_is_damage_unless_it_was_dropped(archive: Archive) -> None:
    """Forgetting alone drops none."""
    forgetting(archive, last=2)
    name, git_dir = "refs/matou/kept/000003/heads/main", mirror(archive, "100", run=5)
    value = refs_of(git_dir)[name]
    git(git_dir, "update-ref", "-d", name)

    lost = verified(archive)
    write_forgotten(archive, [DroppedRef(at=NOW, repository="team/shop/api", ref=name, object=value)])
    dropped = verified(archive)
    write_forgotten(archive, [DroppedRef(at=NOW, repository="team/shop/api", ref=name, object=value, stays=True)])

    assert ([str(one.kind) for one in lost.problems], dropped.is_whole) == (["kept-ref"], True)
    assert not verified(archive).is_whole
    assert verify(archive, everything=False, jobs=1, now=NOW, repair=True).is_whole
    assert refs_of(git_dir)[name] == value


def test_a_repository_that_is_gone_at_the_source_is_named_and_stays(source: ScriptedSource, archive: Archive) -> None:
    source.repository("web", source.projects[0])
    source.remove("100")
    for _ in range(2):
        # What so many repositories are missing from is believed when it comes again.
        back_up(source, archive)

    plan = forgetting(archive, last=1)

    assert plan.sources[0].gone == ("team/shop/api",)
    assert [one.line.path for one in show(archive).repositories] == ["team/shop/api", "team/shop/web"]
    assert verified(archive).is_whole


def test_each_source_has_a_policy_of_its_own_and_can_be_named(
    archive: Archive, source: ScriptedSource, tmp_path: Path
) -> None:
    other = ScriptedSource(tmp_path / "other", team="rest", url="https://other.example/open-api")
    commit(other.repository("api", other.project("shop")), MAIN, {"file": "o"})
    for _ in range(2):
        back_up(other, archive)
    rewrite(source, 6)
    back_up(source, archive)

    only_one = forgetting(archive, "OTHER.example", is_dry=True, last=1)

    assert only_one.forgotten == (6,)
    assert forgetting(archive, last=1).forgotten == (1, 2, 3, 4, 5, 6)
    with pytest.raises(NoSuchSource, match="elsewhere"):
        forgetting(archive, "elsewhere", is_dry=True, last=1)


def test_nothing_is_forgotten_while_somebody_writes(archive: Archive) -> None:
    with lock_archive(archive.root, now=NOW), pytest.raises(ArchiveBusy):
        forgetting(archive, last=1)


def test_nothing_is_forgotten_where_a_manifest_cannot_be_read(archive: Archive) -> None:
    """Nobody knows what its run needs."""
    manifest = archive.manifest(2)
    manifest.write_bytes(manifest.read_bytes().replace(b"team/shop/api", b"team/shop/apo"))

    with pytest.raises(DamagedManifest):
        forgetting(archive, last=1)
    assert not (archive.root / FORGOTTEN_FILE).exists()


@pytest.mark.parametrize("damage", [b'{"kind":"run"}\n', b"\x00" * 20 + b"\n", b'{"kind":"run","at"'])
def test_a_damaged_line_forgets_nothing_is_named_and_stops_further_forgetting(archive: Archive, damage: bytes) -> None:
    forgetting(archive, last=4)
    with (archive.root / FORGOTTEN_FILE).open("ab") as file:
        file.write(damage)

    report = verified(archive)

    assert read_forgotten(archive).runs.keys() == {1}
    assert [one.path for one in report.problems] == [FORGOTTEN_FILE]
    with pytest.raises(Exception, match=FORGOTTEN_FILE):
        forgetting(archive, last=1)
