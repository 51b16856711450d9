"""What a target may refuse for its size is told before anything is sent and where it was refused, and is tried."""

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from integration.transfer.moved_archives import Port, now
from integration.transfer.saved_archives import Team, commit_file, digest_of, git, make_repository
from matou.cli.exit_codes import ExitCode, exit_code_for
from matou.db.users import User
from matou.errors import Phrase, Refused
from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.accounts.namespaces import create_organization
from matou.git.process import limits
from matou.git.refs.listing import read_refs
from matou.http.session import Session
from matou.model.names import ObjectId
from matou.model.platform import Visibility
from matou.model.repository_settings import PushRules
from matou.model.targets import NOTHING_KNOWN, PLAIN_RULES, Capacity, TargetRules
from matou.platforms.base.target import MigrationTarget, TokenScopeMissing
from matou.platforms.gitcode.target import GitCodeTarget
from matou.transfer.migrate.report import MigrationReport, Moved
from matou.transfer.migrate.repository import DivergedHistory
from support.deciding import change_settings
from support.fault_proxy import FaultProxy, Status
from support.matou_server import MatouServer
from support.steered_clock import SYSTEM_CLOCK

LARGE = 1024 * 1024


@dataclass(frozen=True)
class NarrowPort(Port):
    """A server of which little is known to be taken."""

    owner: User
    capacity: Capacity = NOTHING_KNOWN

    def target(self) -> MigrationTarget:
        return replace_rules(super().target(), replace(PLAIN_RULES, capacity=self.capacity))


def replace_rules(target: MigrationTarget, rules: TargetRules) -> MigrationTarget:
    assert isinstance(target, GitCodeTarget)
    target.rules = rules
    return target


@pytest.fixture
def port(matou_server: MatouServer) -> Iterator[NarrowPort]:
    owner = matou_server.user()
    team = create_organization(matou_server.forge, f"team-{secrets.token_hex(4)}", owner=owner)
    with Session(named=(matou_server.url,), clock=SYSTEM_CLOCK) as session:
        yield NarrowPort(
            matou_server, session, team, matou_server.token(owner), "gitcode", matou_server.url, owner=owner
        )


def only(report: MigrationReport) -> Moved:
    [moved] = report.repositories
    return moved


def save_with_large_files(team: Team, folder: Path, *names: str) -> list[ObjectId]:
    """The commits that bring files of half a byte more than LARGE each."""
    make_repository(folder)
    commits = [commit_file(folder, name, secrets.token_hex(LARGE // 2 + 1)) for name in names]
    team.save({f"team/shop/{folder.name}": folder / ".git"})
    return commits


class NarrowToken(GitCodeTarget):
    """One of a platform that tells what a token may."""

    def missing_scopes(self, visibilities: Collection[Visibility], *, has_conversation: bool) -> Sequence[str]:
        assert (visibilities, has_conversation) == ({Visibility.PRIVATE}, False)
        return ("repo",)


def test_a_token_without_a_scope_ends_it_before_anything_is_made(
    port: NarrowPort, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.save({"team/shop/api": make_repository(tmp_path / "api")})
    narrow = NarrowToken(port.session, port.url, port.token, now=now)
    monkeypatch.setattr(NarrowPort, "target", lambda _port: narrow)

    with pytest.raises(TokenScopeMissing, match="lacks a scope that this needs: repo") as refusal:
        port.migrate(team.archive)

    assert exit_code_for(refusal.value) is ExitCode.CREDENTIAL_REFUSED
    assert not port.has("api")


FILES_OF_1_MIB = Capacity(file_bytes=LARGE)


def test_a_plan_names_the_first_files_that_are_too_large_and_counts_them(
    port: NarrowPort, team: Team, tmp_path: Path
) -> None:
    commits = save_with_large_files(team, tmp_path / "api", "a.bin", "b.bin", "c.bin", "d.bin")

    planned = only(replace(port, capacity=FILES_OF_1_MIB).migrate(team.archive, dry_run=True))

    [note] = planned.notes
    assert note == (
        "4 files are larger than the 1.0 MiB that the target is known to take, and may be refused: "
        + ", ".join(f"'{name}.bin' (1.0 MiB, {commit[:10]})" for name, commit in zip("abc", commits, strict=False))
        + ", …"
    )
    assert not port.has("api")


def test_a_plan_says_that_a_repository_is_too_large(port: NarrowPort, team: Team, tmp_path: Path) -> None:
    save_with_large_files(team, tmp_path / "api", "a.bin")

    planned = only(replace(port, capacity=Capacity(repository_bytes=1000)).migrate(team.archive, dry_run=True))

    [note] = planned.notes
    assert note.startswith("it is larger than the 0.0 MiB that the target is known to take, and may be refused: ")


def test_a_plan_says_what_of_lfs_may_be_refused(port: NarrowPort, team: Team, tmp_path: Path) -> None:
    team.lfs["team/shop/api"] = {digest_of(b"large"): b"large", digest_of(b"x"): b"x"}
    team.save({"team/shop/api": make_repository(tmp_path / "api")})
    capacity = Capacity(lfs_object_bytes=4, lfs_doubt=Phrase("nobody pays"))

    planned = only(replace(port, capacity=capacity).migrate(team.archive, dry_run=True))

    assert planned.notes == (
        "2 LFS objects may be refused: nobody pays",
        "1 LFS object is larger than the 0.0 MiB that the target is known to take, and may be refused",
    )


def test_a_large_file_that_only_a_kept_ref_holds_is_not_sent_and_not_told_of(
    port: NarrowPort, team: Team, tmp_path: Path
) -> None:
    save_with_large_files(team, tmp_path / "api", "a.bin")
    git(tmp_path / "api", "reset", "-q", "--hard", "HEAD~1")
    team.save({"team/shop/api": tmp_path / "api/.git"})

    planned = only(replace(port, capacity=FILES_OF_1_MIB).migrate(team.archive, dry_run=True))

    assert planned.notes == ()


def test_a_plan_says_that_a_repository_of_sha256_cannot_be_moved(port: NarrowPort, team: Team, tmp_path: Path) -> None:
    team.save({"team/shop/new": make_repository(tmp_path / "new", object_format="sha256")})

    planned = only(replace(port, capacity=FILES_OF_1_MIB).migrate(team.archive, dry_run=True))

    assert [str(problem) for problem in planned.problems] == [
        "its object ids are SHA-256, which the target does not keep"
    ]


def test_what_may_be_refused_is_tried_and_arrives_without_a_doubt_where_it_is_taken(
    port: NarrowPort, team: Team, tmp_path: Path
) -> None:
    save_with_large_files(team, tmp_path / "api", "a.bin")

    moved = only(replace(port, capacity=FILES_OF_1_MIB).migrate(team.archive))

    assert (moved.outcome, moved.notes) == ("moved", ())


def test_a_refusal_is_told_with_the_files_that_may_be_its_reason(port: NarrowPort, team: Team, tmp_path: Path) -> None:
    team.save({"team/shop/api": make_repository(tmp_path / "api")})
    port.migrate(team.archive)
    owner = Identity(port.owner, ALL_SCOPES)
    change_settings(port.server.forge, owner, port.repository("api"), PushRules, max_file_size=1)
    commit = commit_file(tmp_path / "api", "a.bin", secrets.token_hex(LARGE))
    team.save({"team/shop/api": tmp_path / "api/.git"})

    moved = only(replace(port, capacity=FILES_OF_1_MIB).migrate(team.archive))

    assert moved.outcome == "failed"
    assert "a.bin" in str(moved.problems[0])
    [note] = moved.notes
    assert f"'a.bin' (2.0 MiB, {commit[:10]})" in note


def test_what_is_there_already_is_not_looked_into(
    port: NarrowPort, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_with_large_files(team, tmp_path / "api", "a.bin")
    port.migrate(team.archive)
    monkeypatch.setattr(limits, "git_program", lambda: pytest.fail("a git process was started"))
    narrow = replace(port, capacity=replace(FILES_OF_1_MIB, repository_bytes=1))

    planned, done = narrow.migrate(team.archive, dry_run=True), narrow.migrate(team.archive)

    monkeypatch.undo()
    assert [only(report).notes for report in (planned, done)] == [(), ()]


def test_what_was_never_sent_was_not_refused_for_its_size(port: NarrowPort, team: Team, tmp_path: Path) -> None:
    save_with_large_files(team, tmp_path / "api", "a.bin")
    port.migrate(team.archive)
    git(tmp_path / "api", "reset", "-q", "--hard", "HEAD~1")
    commit_file(tmp_path / "api", "b.bin", secrets.token_hex(LARGE))
    team.save({"team/shop/api": tmp_path / "api/.git"})

    moved = only(replace(port, capacity=FILES_OF_1_MIB).migrate(team.archive))

    assert isinstance(moved.problems[0], DivergedHistory)
    assert moved.notes == ()


def test_a_target_that_keeps_no_large_files_gets_the_rest_and_its_words_are_told(
    port: NarrowPort, team: Team, tmp_path: Path, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    """As gitee.com does for all but paying enterprises."""
    team.lfs["team/shop/api"] = {digest_of(b"large"): b"large"}
    source = make_repository(tmp_path / "api")
    team.save({"team/shop/api": source})
    proxy = fault_proxy(port.server.url)
    said = b'{"message":"LFS only supported repository in paid enterprise."}'
    proxy.add(Status(403, body=said), path="info/lfs")

    with Session(named=(proxy.url,), clock=SYSTEM_CLOCK) as session:
        moved = only(replace(port, session=session, url=proxy.url).migrate(team.archive))

    [problem] = moved.problems
    assert (moved.outcome, moved.refs) == ("incomplete", len(read_refs(source).refs))
    assert "LFS only supported repository in paid enterprise." in str(problem)


def test_a_target_that_does_not_know_the_credential_any_more_gets_nothing(
    port: NarrowPort, team: Team, tmp_path: Path, fault_proxy: Callable[[str], FaultProxy]
) -> None:
    team.lfs["team/shop/api"] = {digest_of(b"large"): b"large"}
    team.save({"team/shop/api": make_repository(tmp_path / "api")})
    proxy = fault_proxy(port.server.url)
    proxy.add(Status(401), path="info/lfs")

    with Session(named=(proxy.url,), clock=SYSTEM_CLOCK) as session:
        moved = only(replace(port, session=session, url=proxy.url).migrate(team.archive))

    assert moved.outcome == "failed"
    assert isinstance(moved.problems[0], Refused)
