"""A migration that is run again, finds another history, or is told what would be done."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from integration.transfer.moved_archives import CONTENT, Port, by_path, every_platform, outcomes, port, refs
from integration.transfer.saved_archives import Team, commit_file, digest_of, git, make_repository
from matou.git.process import limits
from matou.http.session import Session
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from matou.transfer.migrate.repository import DivergedHistory
from support.deciding import create_repository
from support.fault_proxy import FaultProxy, ResetPeer, Status, Toxic, TruncateBody
from support.steered_clock import SteeredClock

__all__ = ["port"]


@pytest.mark.parametrize("toxic", [ResetPeer(), TruncateBody(20), Status(503)], ids=lambda toxic: type(toxic).__name__)
def test_a_push_whose_answer_is_lost_is_known_by_what_is_there(
    port: Port, team: Team, tmp_path: Path, fault_proxy: Callable[[str], FaultProxy], toxic: Toxic
) -> None:
    source = make_repository(tmp_path / "api")
    team.save({"team/shop/api": source})
    proxy = fault_proxy(port.server.url)
    rule = proxy.add(toxic, method="POST", path="git-receive-pack", at=1)

    with Session(named=(proxy.url,), clock=SteeredClock().clock) as session:
        report = replace(port, session=session, url=proxy.url).migrate(team.archive)

    assert rule.matched >= 1
    assert report.everything_is_moved
    assert refs(port.git_dir("api")) == refs(source)


@every_platform
def test_a_second_run_starts_no_git_process_and_changes_nothing(
    port: Port, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.lfs["team/shop/big"] = {digest_of(CONTENT): CONTENT}
    for name in ("api", "big"):
        make_repository(tmp_path / name)
    team.save({f"team/shop/{name}": tmp_path / name / ".git" for name in ("api", "big")})
    port.migrate(team.archive)
    monkeypatch.setattr(limits, "git_program", lambda: pytest.fail("a git process was started"))

    second = port.migrate(team.archive)

    monkeypatch.undo()
    assert set(outcomes(second).values()) == {"unchanged"}


def test_only_what_is_new_goes_the_second_time(port: Port, team: Team, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "api")
    make_repository(tmp_path / "web")
    team.save({"team/shop/api": source, "team/shop/web": tmp_path / "web/.git"})
    port.migrate(team.archive)
    tip = commit_file(tmp_path / "api", "more", "more")
    team.save({"team/shop/api": source, "team/shop/web": tmp_path / "web/.git"})

    second = port.migrate(team.archive)

    assert outcomes(second) == {"team/shop/api": "moved", "team/shop/web": "unchanged"}
    assert by_path(second)["team/shop/api"].refs == 1
    assert refs(port.git_dir("api"))["refs/heads/main"] == tip


@every_platform
def test_another_history_at_the_target_is_not_touched(port: Port, team: Team, tmp_path: Path) -> None:
    make_repository(tmp_path / "api")
    make_repository(tmp_path / "web")
    team.save({f"team/shop/{name}": tmp_path / name / ".git" for name in ("api", "web")})
    foreign = create_repository(
        port.server.forge,
        RepositoryPath(port.namespace.path, "api"),
        visibility=Visibility.PRIVATE,
        creator=port.server.owner,
    )
    commit_file(tmp_path / "api", "only there", "other")
    git(tmp_path / "api", "push", "-q", str(port.server.git_dir(foreign)), "HEAD:refs/heads/main")
    before = refs(port.git_dir("api"))

    report = port.migrate(team.archive)

    assert outcomes(report) == {"team/shop/api": "failed", "team/shop/web": "moved"}
    [problem] = by_path(report)["team/shop/api"].problems
    assert isinstance(problem, DivergedHistory)
    assert refs(port.git_dir("api")) == before
    assert not report.everything_is_moved


def test_a_branch_that_was_rewritten_at_the_source_is_not_rewritten_at_the_target(
    port: Port, team: Team, tmp_path: Path
) -> None:
    source = make_repository(tmp_path / "api")
    team.save({"team/shop/api": source})
    port.migrate(team.archive)
    before = refs(port.git_dir("api"))
    git(tmp_path / "api", "reset", "-q", "--hard", "HEAD~1")
    commit_file(tmp_path / "api", "other", "way")
    team.save({"team/shop/api": source})

    report = port.migrate(team.archive)

    assert isinstance(by_path(report)["team/shop/api"].problems[0], DivergedHistory)
    assert refs(port.git_dir("api")) == before


def test_a_branch_that_the_source_has_dropped_stays_at_the_target(port: Port, team: Team, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "api")
    team.save({"team/shop/api": source})
    port.migrate(team.archive)
    git(source, "branch", "-D", "topic")
    team.save({"team/shop/api": source})

    report = port.migrate(team.archive)

    assert outcomes(report) == {"team/shop/api": "unchanged"}
    assert "refs/heads/topic" in refs(port.git_dir("api"))
