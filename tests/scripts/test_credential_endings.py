"""How a credential ends: revoked, expired, its password changed, its store gone; by whole commands, counted.

Whatever comes, there is at most one new log-in, none that 401 did not cause, and no request after the last refusal.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from matou.forge.accounts.namespaces import create_organization
from support.accounts import Account, new_account
from support.fault_proxy import FaultProxy, Latency, Status
from support.forked_program import ForkingProgram
from support.matou_server import PASSWORD, MatouServer
from support.program import Ended, Person
from support.secret_service import needs_secret_service

SESSION = "/api/v3/session"
pytestmark = needs_secret_service


@dataclass(frozen=True)
class Case:
    """Somebody who has logged in, and the door that everything goes through."""

    account: Account
    door: FaultProxy
    archive: Path
    moved: Path
    organization: str

    def run(self, command: str, *, code: int | None = 0, person: Person | None = None) -> Ended:
        return (person or self.account.person).matou(*self.arguments(command), code=code)

    def arguments(self, command: str) -> tuple[str, ...]:
        if command == "backup":
            return "backup", "gitee", "--url", f"{self.account.url}/api/v3", "--to", str(self.archive), "--json"
        goal = ("--to", "matou", "--url", self.account.url, "--namespace", self.organization)
        return ("migrate", str(self.moved), *goal, "--json")

    @property
    def log_ins(self) -> int:
        return len([request for request in self.door.requests if request.path == SESSION])

    @property
    def after_log_in(self) -> list[str]:
        requests_seen = [request.path for request in self.door.requests]
        return requests_seen[requests_seen.index(SESSION) + 1 :]


@pytest.fixture(scope="module")
def made_archive(home_server: MatouServer, program: ForkingProgram, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with one repository; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("made")
    account = new_account(home_server, program, folder)
    account.make_repositories(commits={"shop": 2})
    goal = ("--url", f"{account.url}/api/v3", "--to", folder / "archive")
    account.person.matou("backup", "gitee", *goal, MATOU_GITEE_TOKEN=account.token)
    return folder / "archive"


@pytest.fixture
def case(
    desktop_account: Account, fault_proxy: Callable[[str], FaultProxy], made_archive: Path, tmp_path: Path
) -> Case:
    """Logged in by password at what speaks Gitee's v3, with an archive that can be moved there."""
    door = fault_proxy(desktop_account.url)
    desktop_account.make_repositories(commits={"shop": 1})
    account = desktop_account.reached_at(door.url)
    organization = create_organization(account.server.forge, f"{account.name}-organization", owner=account.user).path
    shutil.copytree(made_archive, tmp_path / "moved")
    case = Case(account, door, tmp_path / "archive", tmp_path / "moved", str(organization))
    account.log_in_with_password("--platform", "gitee")
    door.requests.clear()
    return case


both = pytest.mark.parametrize("command", ["backup", "migrate"])


VARIABLES = {"backup": "MATOU_GITEE_TOKEN", "migrate": "MATOU_MATOU_TOKEN"}
"""Of the platform that the command was told, whatever the log-in was for."""


def way_back(account: Account, command: str) -> str:
    again = f"matou login {account.url} --platform gitee --user {account.name}"
    return f"log in again with: {again}; or set {VARIABLES[command]}"


@both
def test_a_revoked_token_is_renewed_once_with_the_kept_password(case: Case, command: str) -> None:
    case.account.revoke_tokens()

    case.run(command)

    assert case.log_ins == 1
    assert case.account.tokens() == 1
    case.run(command)
    assert case.log_ins == 1


@both
def test_an_expired_token_is_renewed_once(case: Case, command: str) -> None:
    put_token(case, case.account.expired_token())

    case.run(command)

    assert case.log_ins == 1


@both
def test_a_changed_password_is_tried_once_and_erased_with_the_token(case: Case, command: str) -> None:
    case.account.revoke_tokens()
    case.account.change_password("a new one and long")

    first, second = case.run(command, code=4), case.run(command, code=4)

    assert case.log_ins == 1
    assert f"no longer valid, and is kept no longer\n{way_back(case.account, command)}" in first.err
    assert f"no token is kept for {case.account.url}\n{way_back(case.account, command)}" in second.err
    assert case.account.git_credential() == ""


@both
def test_a_revoked_token_without_a_password_is_erased_and_nothing_more_is_asked(case: Case, command: str) -> None:
    case.account.git_credential("erase", username=case.account.name, password=PASSWORD)
    case.account.revoke_tokens()

    ended = case.run(command, code=4)
    requests_seen = len(case.door.requests)
    case.run(command, code=4)

    assert (case.log_ins, len(case.door.requests)) == (0, requests_seen)
    assert way_back(case.account, command) in ended.err
    assert case.account.git_credential() == ""


@both
def test_a_store_that_has_gone_is_told_and_costs_nothing_that_is_in_it(case: Case, command: str) -> None:
    gone = case.account.with_environment(DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent/bus")

    ended = case.run(command, code=6, person=gone.person)

    assert "cannot be read: this machine has no credential manager" in ended.err
    assert way_back(case.account, command) in ended.err
    assert case.door.requests == []
    assert gone.git_credential() == ""
    case.run(command)
    assert case.log_ins == 0


@both
@pytest.mark.parametrize("status", [403, 404])
def test_a_token_that_may_not_is_not_taken_for_one_that_ended(case: Case, command: str, status: int) -> None:
    kept = case.account.git_credential()
    case.door.add(Status(status), path="^/api/")

    ended = case.run(command, code=None)

    assert ended.code != 0
    assert case.log_ins == 0
    assert case.account.git_credential() == kept != ""


@both
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_in_trouble_is_asked_again_with_the_same_token(case: Case, command: str, status: int) -> None:
    kept = case.account.git_credential()
    case.door.add(Status(status), path="^/api/", at=1)

    case.run(command)

    assert case.log_ins == 0
    assert case.account.git_credential() == kept != ""


@both
def test_a_server_that_refuses_what_it_has_just_given_is_not_asked_a_third_time(case: Case, command: str) -> None:
    case.door.add(Status(401, body=b'{"message":"401 Unauthorized"}'), path="^/api/v[35]/(?!session)")

    ended = case.run(command, code=4)

    assert case.log_ins == 1
    assert len(case.after_log_in) <= 2  # v5 and, where that is another platform's, v3
    assert way_back(case.account, command) in ended.err


@both
@pytest.mark.parametrize("trouble", [Status(503), Status(403), Status(404)], ids=["503", "403", "404"])
def test_a_log_in_that_fails_without_a_refusal_is_put_once_and_costs_nothing(
    case: Case, command: str, trouble: Status
) -> None:
    kept = case.account.git_credential()
    case.account.revoke_tokens()
    case.door.add(trouble, path=SESSION)

    ended = case.run(command, code=None)

    assert ended.code != 0
    assert case.log_ins == 1
    assert case.account.git_credential() == kept != ""


def test_two_processes_at_once_log_in_once(case: Case, tmp_path: Path) -> None:
    case.account.revoke_tokens()
    case.door.add(Latency(0.5), path=SESSION)
    person = case.account.by_program_itself().person
    archives = [tmp_path / "one", tmp_path / "two"]

    running = [person.start(*replace(case, archive=archive).arguments("backup")) for archive in archives]
    said = [process.communicate(timeout=60) for process in running]

    assert [process.returncode for process in running] == [0, 0], said
    assert case.log_ins == 1
    assert case.account.tokens() == 1


def test_two_processes_at_once_try_a_changed_password_once(case: Case, tmp_path: Path) -> None:
    case.account.revoke_tokens()
    case.account.change_password("a new one and long")
    case.door.add(Latency(0.5), path=SESSION)
    person = case.account.by_program_itself().person
    archives = [tmp_path / "one", tmp_path / "two"]

    running = [person.start(*replace(case, archive=archive).arguments("backup")) for archive in archives]
    said = [process.communicate(timeout=60) for process in running]

    assert [process.returncode for process in running] == [4, 4], said
    assert case.log_ins == 1


def test_a_process_that_was_killed_while_it_logged_in_holds_nobody_up(case: Case) -> None:
    case.account.revoke_tokens()
    slow = case.door.add(Latency(30), path=SESSION)
    person = case.account.by_program_itself().person
    killed = person.start(*case.arguments("backup"))
    wait_until(lambda: slow.matched == 1)
    killed.kill()
    killed.communicate(timeout=20)
    case.door.clear()

    case.run("backup")

    assert case.log_ins == 2


@pytest.mark.parametrize("way", ["revoked", "expired"])
def test_git_that_is_refused_has_the_credential_forgotten_and_asks_no_more(
    case: Case, way: str, tmp_path: Path
) -> None:
    account = case.account.by_program_itself()
    account.log_in("--platform", "gitee", "--setup-git", token=account.server.token(account.user).reveal())
    if way == "expired":
        put_token(case, account.expired_token())
    else:
        account.revoke_tokens()
    case.door.requests.clear()

    with pytest.raises(AssertionError, match=r"terminal prompts disabled|Authentication failed"):
        account.person.git("clone", "-q", account.git_url("anything"), tmp_path / "shop")

    assert case.log_ins == 0
    assert account.git_credential() == ""
    assert [one["state"] for one in account.status(code=4)] == ["refused"]


def put_token(case: Case, token: str) -> None:
    """Put a token into the store in place of the one that is kept, as an older log-in would have left it."""
    environment = case.account.person.variables()
    program = (
        "import sys; from matou.cli.credential_manager import CredentialManager; from matou.settings import Settings;"
        "from matou.credentials import Secret; from matou.credentials.store import SecretKind as K;"
        "kept = CredentialManager(Settings.of_process()); login, = kept.logins.all();"
        "kept.store(login.places[K.TOKEN]).put(login.secret_name(K.TOKEN), Secret(sys.stdin.read()))"
    )
    subprocess.run([sys.executable, "-c", program], input=token, text=True, check=True, env=environment)


def wait_until(is_so: Callable[[], bool]) -> None:
    limit = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.02)
