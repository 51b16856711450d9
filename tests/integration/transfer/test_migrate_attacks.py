"""A migration among trouble: an archive that is damaged, what is not meant for others, and a target with surprises."""

import shutil
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Barrier

import pytest

from integration.transfer.moved_archives import CONTENT, Port, by_path, every_platform, outcomes, refs
from integration.transfer.moved_archives import port as port  # noqa: PLC0414 - a fixture
from integration.transfer.saved_archives import Team, commit_file, digest_of, git, make_repository, pointer_text
from matou.cli.ui.migrate_report import as_json, as_text
from matou.git.wire.pktline import encode
from matou.http.session import Session
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from matou.transfer.migrate.report import MigrationReport, MoveOutcome
from matou.transfer.migrate.repository import NotVerified, TargetTooVisible, UnwritableBranch
from support.deciding import create_repository, size
from support.fault_proxy import ExchangeContext, FaultProxy, Flow, HoldBack, ReplaceJson, Status, Toxic
from support.recording_server import RecordingServer, SeenRequest
from support.steered_clock import SYSTEM_CLOCK, SteeredClock

SECRET = b"a secret" * 100


def remove(git_dir: Path) -> None:
    shutil.rmtree(git_dir)


def empty(git_dir: Path) -> None:
    remove(git_dir)
    git_dir.mkdir()


def lose_its_packs(git_dir: Path) -> None:
    shutil.rmtree(git_dir / "objects")
    (git_dir / "objects/pack").mkdir(parents=True)


def cut_its_pack(git_dir: Path) -> None:
    [pack] = (git_dir / "objects/pack").glob("*.pack")
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:-300])


@pytest.mark.parametrize("damage", [remove, empty, lose_its_packs, cut_its_pack])
def test_one_that_the_archive_has_lost_does_not_stop_the_others(
    port: Port, team: Team, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    team.lfs["team/shop/lost"] = {digest_of(CONTENT): CONTENT}
    for name in ("api", "lost", "web"):
        make_repository(tmp_path / name)
    team.save({f"team/shop/{name}": tmp_path / name / ".git" for name in ("api", "lost", "web")})
    damage(team.git_dir("team/shop/lost"))

    report = port.migrate(team.archive, jobs=1)

    assert outcomes(report) == {"team/shop/api": "moved", "team/shop/lost": "failed", "team/shop/web": "moved"}
    assert refs(port.git_dir("lost")) == {}


def test_a_large_file_that_no_moved_ref_reaches_stays_in_the_archive(port: Port, team: Team, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "api")
    commit_file(tmp_path / "api", "secret.bin", pointer_text(SECRET))
    team.lfs["team/shop/api"] = {digest_of(SECRET): SECRET}
    team.save({"team/shop/api": source})
    git(tmp_path / "api", "reset", "-q", "--hard", "HEAD~1")
    commit_file(tmp_path / "api", "big.bin", pointer_text(CONTENT))
    team.lfs["team/shop/api"] = {digest_of(SECRET): SECRET, digest_of(CONTENT): CONTENT}
    team.save({"team/shop/api": source})

    report = port.migrate(team.archive)

    made = port.repository("api")
    assert outcomes(report) == {"team/shop/api": "moved"}
    assert size(port.server.forge, made, digest_of(CONTENT)) == len(CONTENT)
    assert size(port.server.forge, made, digest_of(SECRET)) is None


@every_platform
def test_what_is_private_does_not_go_where_everybody_sees_it(port: Port, team: Team, tmp_path: Path) -> None:
    team.save({"team/shop/api": make_repository(tmp_path / "api")})
    create_repository(
        port.server.forge,
        RepositoryPath(port.namespace.path, "api"),
        visibility=Visibility.PUBLIC,
        creator=port.server.owner,
    )

    report = port.migrate(team.archive)

    [problem] = by_path(report)["team/shop/api"].problems
    assert isinstance(problem, TargetTooVisible)
    assert refs(port.git_dir("api")) == {}


@every_platform
def test_a_default_branch_that_no_api_can_be_told_of_is_told_of_here(port: Port, team: Team, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "api")
    tip = git(tmp_path / "api", "rev-parse", "main")
    (source / "packed-refs").write_bytes(tip.encode() + b" refs/heads/\xe9t\xe9\n")
    (source / "HEAD").write_bytes(b"ref: refs/heads/\xe9t\xe9\n")
    team.save({"team/shop/api": source, "team/shop/web": make_repository(tmp_path / "web")})

    report = port.migrate(team.archive, jobs=1)

    [problem] = by_path(report)["team/shop/api"].problems
    assert isinstance(problem, UnwritableBranch)
    assert outcomes(report) == {"team/shop/api": "incomplete", "team/shop/web": "moved"}
    assert refs(port.git_dir("api")) == refs(source)
    assert (as_text(report) + as_json(report)).encode()


def test_one_name_of_two_projects_never_meets_in_one_place_when_both_are_moved_at_once(
    port: Port, team: Team, tmp_path: Path
) -> None:
    """Their branches have different names, so that either push would be taken."""
    paths = ("team/one/api", "team/two/api")
    for number, path in enumerate(paths):
        make_repository(tmp_path / path)
        git(tmp_path / path, "tag", "-d", "v1", "light")
        git(tmp_path / path, "branch", "-D", "topic")
        git(tmp_path / path, "branch", "-m", "main", f"main-{number}")
    team.save({path: tmp_path / path / ".git" for path in paths})
    both = Barrier(2)

    def move(path: str) -> MigrationReport:
        with Session(named=(port.server.url,), clock=SYSTEM_CLOCK, connections=4) as session:
            both.wait()
            return replace(port, session=session).migrate(team.archive, include=(path,))

    with ThreadPoolExecutor(2) as threads:
        reports = list(threads.map(move, paths))

    moved = {path: by_path(report)[path] for path, report in zip(paths, reports, strict=True)}
    assert {one.outcome for one in moved.values()} == {MoveOutcome.MOVED}
    for path, one in moved.items():
        assert refs(port.git_dir(one.move.target_path.name)) == refs(tmp_path / path / ".git")


@dataclass(frozen=True)
class SaysYes(Toxic):
    """Takes what is sent, answers well, and keeps nothing."""

    def instead(self, request: SeenRequest) -> bytes | None:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class SaysThatAllRefsMoved(Toxic):
    names: Collection[str]

    def instead(self, request: SeenRequest) -> bytes | None:
        lines = [b"unpack ok\n", *(f"ok {name}\n".encode() for name in self.names)]
        report = b"".join(map(encode, lines)) + b"0000"
        headers = {"Content-Type": "application/x-git-receive-pack-result"}
        return Status(200, headers, encode(b"\x01" + report) + b"0000").instead(request)


def test_a_large_file_that_a_server_took_and_does_not_have_is_told(
    port: Port, team: Team, tmp_path: Path, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    source = make_repository(tmp_path / "big")
    commit_file(tmp_path / "big", "big.bin", pointer_text(CONTENT))
    team.lfs["team/shop/big"] = {digest_of(CONTENT): CONTENT}
    team.save({"team/shop/big": source})
    proxy = fault_proxy(port.server.url)
    proxy.add(SaysYes(), method="PUT")
    proxy.add(SaysYes(), path="verify")

    with Session(named=(proxy.url,), clock=SteeredClock().clock) as session:
        report = replace(port, session=session, url=proxy.url).migrate(team.archive)

    [problem] = by_path(report)["team/shop/big"].problems
    assert "the server said that it took it, and lacks it" in str(problem)
    assert outcomes(report) == {"team/shop/big": "incomplete"}


def test_a_server_that_says_that_refs_moved_is_not_believed(
    port: Port, team: Team, tmp_path: Path, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    source = make_repository(tmp_path / "api")
    team.save({"team/shop/api": source})
    proxy = fault_proxy(port.server.url)
    proxy.add(SaysThatAllRefsMoved(refs(source)), method="POST", path="git-receive-pack")

    with Session(named=(proxy.url,), clock=SteeredClock().clock) as session:
        report = replace(port, session=session, url=proxy.url).migrate(team.archive)

    [problem] = by_path(report)["team/shop/api"].problems
    assert isinstance(problem, NotVerified)


def test_what_somebody_pushes_between_the_look_and_the_push_stays(
    port: Port, team: Team, tmp_path: Path, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    source = make_repository(tmp_path / "api")
    team.save({"team/shop/api": source})
    commit_file(tmp_path / "api", "theirs", "theirs")
    proxy = fault_proxy(port.server.url)

    def push_meanwhile() -> None:
        git(tmp_path / "api", "push", "-q", str(port.git_dir("api")), "main:refs/heads/topic")

    proxy.add(HoldBack(20, push_meanwhile), method="POST", path="git-receive-pack", at=1)

    with Session(named=(proxy.url,), clock=SteeredClock().clock) as session:
        report = replace(port, session=session, url=proxy.url).migrate(team.archive)

    assert outcomes(report) == {"team/shop/api": "failed"}
    assert refs(port.git_dir("api")) == {"refs/heads/topic": git(tmp_path / "api", "rev-parse", "main")}


def test_a_backup_that_rewrites_and_repacks_meanwhile_changes_nothing_of_what_is_moved(
    port: Port, team: Team, tmp_path: Path, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    source = make_repository(tmp_path / "api")
    team.save({"team/shop/api": source})
    wanted = refs(source)
    proxy = fault_proxy(port.server.url)

    def back_up_meanwhile() -> None:
        git(tmp_path / "api", "reset", "-q", "--hard", "HEAD~1")
        commit_file(tmp_path / "api", "other", "other")
        team.save({"team/shop/api": source})
        git(team.git_dir("team/shop/api"), "repack", "-adq")

    proxy.add(HoldBack(0, back_up_meanwhile), method="GET", path="info/refs", at=1)

    with Session(named=(proxy.url,), clock=SteeredClock().clock) as session:
        report = replace(port, session=session, url=proxy.url).migrate(team.archive)

    assert outcomes(report) == {"team/shop/api": "moved"}
    assert refs(port.git_dir("api")) == wanted


def test_a_large_file_goes_to_no_inward_address_that_an_answer_names(
    port: Port,
    team: Team,
    tmp_path: Path,
    fault_proxy: Callable[[str], FaultProxy],
    recording_server: RecordingServer,
) -> None:
    source = make_repository(tmp_path / "big")
    commit_file(tmp_path / "big", "big.bin", pointer_text(CONTENT))
    team.lfs["team/shop/big"] = {digest_of(CONTENT): CONTENT}
    team.save({"team/shop/big": source})
    proxy = fault_proxy(port.server.url)
    upload = {"upload": {"href": f"{recording_server.url}/inward"}}
    proxy.add(
        ReplaceJson({"objects": [{"oid": digest_of(CONTENT), "size": 1, "actions": upload}]}), path="objects/batch"
    )

    with Session(named=(proxy.url,), clock=SteeredClock().clock) as session:
        report = replace(port, session=session, url=proxy.url).migrate(team.archive)

    assert "is not public" in str(by_path(report)["team/shop/big"].problems[0])
    assert recording_server.connections == 0


@dataclass(frozen=True)
class MadePublic(Toxic):
    """The answer to what was just made says that everybody sees it."""

    def bend(self, flow: Flow, around: ExchangeContext) -> Flow:
        body = b"".join(flow.pieces).replace(b'"private":true', b'"private":null')
        return replace(flow, pieces=iter([body.replace(b'"public":false', b'"public": true')]))


def test_nothing_is_sent_where_the_target_made_public_what_was_to_be_private(
    port: Port, team: Team, tmp_path: Path, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    team.save({"team/shop/api": make_repository(tmp_path / "api")})
    proxy = fault_proxy(port.server.url)
    proxy.add(MadePublic(), method="POST", path="/repos")
    proxy.add(Status(403), method="PATCH")

    with Session(named=(proxy.url,), clock=SteeredClock().clock) as session:
        report = replace(port, session=session, url=proxy.url).migrate(team.archive)

    assert outcomes(report) == {"team/shop/api": "failed"}
    assert refs(port.git_dir("api")) == {}
