"""A secret appears in no argument, file, log, report or crash, whatever is done with it (test-catalogue B-20)."""

import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx
import pytest

from matou.cli.config import variable_of
from matou.forge.accounts.namespaces import create_organization
from support.accounts import PASSPHRASE, Account
from support.deciding import create_project
from support.fault_proxy import FaultProxy, Latency, Status, Toxic
from support.matou_server import PASSWORD
from support.program import MATOU, Ended, Person
from support.recording_server import SeenRequest
from support.secret_service import needs_secret_service
from support.secret_watch import SecretWatch, files_with, forms_of, watched_git

NEEDS_PROC = pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
TALKATIVE = {"GIT_TRACE": "1", "GIT_CURL_VERBOSE": "1", "GIT_TRACE_CURL": "1", "GIT_TRACE_REDACT": "0"}
"""What makes git tell of everything; it is the person's own git that may, and none of ours."""

BELOW = {"coding": "/open-api", "gitcode": "", "gitee": "/api/v3", "matou": ""}


@dataclass
class Inspection:
    """Runs commands, and looks everywhere for one account's secrets once each has ended."""

    account: Account
    folder: Path
    secrets: Sequence[str]
    bin: Path
    found: list[str] = field(default_factory=list)
    commands: int = 0

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    def run(
        self,
        *arguments: str | Path,
        answers: bool = False,
        stdin: str = "",
        variable: str = "",
        code: int | None = 0,
    ) -> Ended:
        """Run a command.

        Args:
            answers: its output is the secret, by design.
            variable: the one that the token is given by.
        """
        token = {variable: self.account.token} if variable else {}
        person = replace(self.account.person, environment=self.account.person.environment | TALKATIVE | token)
        ended = person.matou(*arguments, stdin=stdin, code=code)
        self.inspect(" ".join(map(str, arguments)), ended.err if answers else ended.out + ended.err)
        return ended

    def inspect(self, command: str, said: str) -> None:
        self.commands += 1
        forms = [form for secret in self.secrets for form in forms_of(secret, self.account.name)]
        if any(form in said for form in forms):
            self.found.append(f"{command}: said")
        places = [self.folder, self.account.server.root, self.account.server.log]
        self.found += [f"{command}: {path}" for path in files_with(places, forms)]

    def url(self, platform: str) -> str:
        return self.account.url + BELOW[platform]

    def backup(self, platform: str) -> tuple[str, ...]:
        return "backup", platform, "--url", self.url(platform), "--to", str(self.archive), "--json"

    def migrate(self, platform: str) -> tuple[str, ...]:
        # Gitee's v3 knows of one's own namespace only, where everything is already.
        namespace = self.account.name if platform == "gitee" else f"{self.account.name}-{platform}/p"
        goal = ("--to", platform, "--url", self.url(platform), "--namespace", namespace)
        return "migrate", str(self.archive), *goal, "--json"


@contextmanager
def inspecting(account: Account, folder: Path, *secrets: str) -> Iterator[Inspection]:
    """Somebody with two repositories, one of them with LFS, and a project for each platform to move them to."""
    git = shutil.which("git")
    assert git is not None
    person = Person(account.person.home, account.person.environment | {"TMPDIR": str(folder)})
    program = watched_git(folder / "bin", git)
    person = replace(person, environment=person.environment | {"PATH": f"{program}:{person.variables()['PATH']}"})
    inspection = Inspection(replace(account, person=person), folder, secrets, program)
    furnish(account)
    watch = SecretWatch(*(form for secret in secrets for form in forms_of(secret, account.name)))
    watch.start()
    try:
        yield inspection
    finally:
        seen = watch.stop()
    assert inspection.found == []
    assert seen == set()
    assert watch.looks > 5


def furnish(account: Account) -> None:
    forge = account.server.forge
    account.make_repositories(commits={"shop": 2})
    account.put_large_file("shop", b"an object of LFS" * 100)
    for platform in BELOW:
        organization = create_organization(forge, f"{account.name}-{platform}", owner=account.user)
        create_project(forge, organization, "p", creator=account.user)
    # What a CODING token sees is one team's, and somebody who sees nothing there is told so by the exit code.
    account.server.repository(f"{account.name}-coding/p/boat")


@NEEDS_PROC
def test_a_token_that_a_variable_or_a_pipe_gives_is_shown_by_no_command(account: Account, tmp_path: Path) -> None:
    with inspecting(account, tmp_path, account.token) as seen:
        for platform in ("coding", "gitcode", "gitee"):
            seen.run(*seen.backup(platform), variable=variable_of(platform))
        seen.run(*seen.backup("gitcode"), "--token-stdin", stdin=f"{account.token}\n")
        for platform in BELOW:
            seen.run(*seen.migrate(platform), variable=variable_of(platform))
        seen.run(*seen.migrate("matou"), "--token-stdin", stdin=f"{account.token}\n")
        for command in (("verify",), ("runs",), ("show",), ("restore", "--to", str(tmp_path / "restored"))):
            seen.run(command[0], seen.archive, *command[1:], variable=variable_of("gitcode"))
        seen.run("doctor", variable=variable_of("gitcode"))

    assert seen.commands == 14
    assert "GIT_CONFIG_COUNT=" in (seen.bin / "environment").read_text(), "git was not watched"


@NEEDS_PROC
@pytest.mark.parametrize("where", ["file", pytest.param("system", marks=needs_secret_service)])
def test_a_token_that_is_kept_is_shown_by_no_command(where: str, request: pytest.FixtureRequest) -> None:
    account: Account = request.getfixturevalue({"file": "account", "system": "desktop_account"}[where])
    tmp_path: Path = request.getfixturevalue("tmp_path")
    account = account if where == "system" else account.with_environment(MATOU_PASSPHRASE=PASSPHRASE)
    secrets = (account.token, PASSPHRASE)

    with inspecting(account, tmp_path, *secrets) as seen:
        seen.run("login", account.url, "--token-stdin", "--setup-git", stdin=f"{account.token}\n")
        [kept] = seen.account.status()
        seen.run("auth", "status")
        seen.run("auth", "status", "--json")
        seen.run(*seen.backup("gitcode"))
        seen.run(*seen.migrate("matou"))
        request_of_git = f"protocol=http\nhost={account.url.partition('://')[2]}\n\n"
        assert account.token in seen.run("auth", "git-credential", "get", answers=True, stdin=request_of_git).out
        account.person.git("clone", "-q", account.git_url("shop"), tmp_path / "clone")
        seen.run("verify", seen.archive)
        seen.run("logout", account.url)

    assert (kept["kept_in"], kept["state"]) == (where, "works")


@NEEDS_PROC
@pytest.mark.parametrize("where", ["nowhere", pytest.param("system", marks=needs_secret_service)])
def test_a_password_is_shown_by_no_command(where: str, request: pytest.FixtureRequest) -> None:
    account: Account = request.getfixturevalue({"nowhere": "headless", "system": "desktop_account"}[where])
    tmp_path: Path = request.getfixturevalue("tmp_path")
    new = "a new one, and long: ü/?&"
    account.change_password(new)

    with inspecting(account, tmp_path, new, PASSWORD) as seen:
        given = ("login", account.url, "--user", account.name, "--password-stdin")
        seen.inspect("login", seen.account.person.matou(*given, stdin=f"{PASSWORD}\n", code=4).err)
        seen.run(*given, "--setup-git", stdin=f"{new}\n")
        kept = {one["kind"]: one["kept_in"] for one in seen.account.status()}
        seen.run("auth", "status")
        if where == "system":
            account.revoke_tokens()
            account.person.git("clone", "-q", account.git_url("shop"), tmp_path / "clone")
        seen.run(*seen.backup("gitcode"))
        seen.run(*seen.migrate("matou"))
        seen.run("logout", account.url)

    assert kept == {"password": where, "token": {"nowhere": "file", "system": "system"}[where]}


@NEEDS_PROC
def test_what_runs_a_server_shows_no_password_and_no_token_but_the_one_that_it_makes(
    account: Account, tmp_path: Path
) -> None:
    root = tmp_path / "server"
    secret, wrong = "correct horse battery", "f00d" * 10
    with inspecting(account, tmp_path, secret, wrong) as seen:
        given = ("--root", root, "--password-stdin")
        seen.run("user", "add", "li", "--email", "li@example.com", "--admin", *given, stdin=f"{secret}\n")
        token = seen.run("token", "create", "--user", "li", "--name", "n", "--root", root, answers=True).out.strip()
        seen.secrets = (secret, wrong, token)
        seen.run("org", "create", "acme", "--owner", "li", "--root", root)
        made = account.person.home.parent / "made" / "shop"
        seen.run("repo", "import", made, "acme/shop", "--private", "--root", root)
        goal = ("acme/shop", "reviewer", "--access-level", "20")
        seen.run("role", "create", *goal, "--root", root)
        seen.run("key", "list", "--user", "li", "--root", root)
        seen.inspect("serve", asked_in_every_way(seen.account.person, root, secret, wrong, token))
        seen.run("check", root)
        seen.run("reindex", root)


def asked_in_every_way(person: Person, root: Path, password: str, wrong: str, token: str) -> str:
    """Show a server good and bad credentials in each place where one may stand; what it said."""
    talkative = replace(person, environment=person.environment | TALKATIVE)
    with talkative.start("serve", "--root", root, "--port", "0") as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        for secret in (password, wrong, token):
            quoted, form = quote(secret), {"email": "li@example.com", "password": secret}
            httpx.get(f"{url}/acme/shop.git/info/refs?service=git-upload-pack", auth=("li", secret))
            httpx.get(f"{url}/api/v5/user", headers={"PRIVATE-TOKEN": secret})
            httpx.post(f"{url}/open-api?Action=DescribeTeam", headers={"Authorization": f"token {secret}"})
            httpx.post(f"{url}/api/v3/session", data=form)
            httpx.get(f"{url}/api/v5/user?access_token={quoted}")
            httpx.get(f"{url}/api/v3/projects?private_token={quoted}")
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=40)
    return "".join(said)


@dataclass(frozen=True)
class SaysItBack(Toxic):
    """A failure that quotes the request, as debugging pages do."""

    code: int

    def instead(self, request: SeenRequest) -> bytes | None:
        said = json.dumps({"message": f"{request.target} {dict(request.headers)} {request.body!r}"}).encode()
        # Nobody waits for so long, so that the command ends.
        return Status(self.code, {"Content-Type": "application/json", "Retry-After": "7200"}, said).instead(request)


FAILURES = (400, 401, 403, 404, 409, 422, 429, 500)
OF_APIS = [(platform, "^/", status) for platform in ("coding", "gitcode", "gitee") for status in FAILURES]
OF_GIT = [("gitcode", "[.]git/", status) for status in FAILURES[:-2]]  # of the last two a run waits for the end


@pytest.mark.parametrize(("platform", "path", "status"), OF_APIS + OF_GIT)
def test_a_server_that_says_the_credential_back_is_not_quoted(
    account: Account, fault_proxy: Callable[[str], FaultProxy], platform: str, path: str, status: int, tmp_path: Path
) -> None:
    account.make_repositories(commits={"shop": 1})
    door = fault_proxy(account.url)
    spoilt = door.add(SaysItBack(status), path=path)
    person = Inspection(account.reached_at(door.url), tmp_path, (), tmp_path)
    forms = forms_of(account.token, account.name)

    ended = account.person.matou(*person.backup(platform), code=None, **{variable_of(platform): account.token})

    assert spoilt.matched > 0
    assert ended.code != 0
    assert [form for form in forms if form in ended.out + ended.err] == []
    assert files_with([tmp_path], forms) == []


@pytest.mark.parametrize(
    "token", ["f00d\nf00d", "f00d\rX-Evil: f00d", "f00d\0f00d", "f00dü", "f00d f00d", "f00d" * 9000]
)
@pytest.mark.parametrize("platform", ["coding", "gitcode", "gitee"])
def test_what_cannot_be_a_token_is_not_quoted(account: Account, platform: str, token: str, tmp_path: Path) -> None:
    goal = ("--url", account.url + BELOW[platform], "--to", tmp_path / "archive")
    given = token.replace("\n", "\x0b")  # a line feed ends it already

    ended = account.person.matou("backup", platform, *goal, "--token-stdin", stdin=given, code=None)
    login = account.person.matou("login", account.url, "--platform", platform, "--token-stdin", stdin=given, code=None)

    assert 0 not in (ended.code, login.code)
    assert [one for one in (ended, login) if "f00d" in one.out + one.err] == []


CRASHES = """
import faulthandler, urllib3.connectionpool
def crash(*arguments, **words):
    raise ZeroDivisionError("a bug of ours")
urllib3.connectionpool.HTTPConnectionPool.urlopen = crash
"""


def test_a_bug_of_ours_is_told_with_where_it_is_and_without_what_it_held(account: Account, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(CRASHES)
    goal = ("--url", account.url, "--to", tmp_path / "archive")
    loud = {"PYTHONPATH": str(tmp_path), "PYTHONDEVMODE": "1", "PYTHONFAULTHANDLER": "1", "PYTHONWARNINGS": "default"}

    ended = account.by_program_itself().person.matou(
        "backup", "gitcode", *goal, code=1, MATOU_GITCODE_TOKEN=account.token, **loud
    )

    assert "a bug of ours" in ended.err
    assert [form for form in forms_of(account.token, account.name) if form in ended.out + ended.err] == []


@pytest.mark.parametrize("status", FAILURES)
@pytest.mark.parametrize("platform", ["gitee", "coding"])
def test_a_server_that_says_a_password_back_is_not_quoted(
    account: Account, fault_proxy: Callable[[str], FaultProxy], platform: str, status: int
) -> None:
    door = fault_proxy(account.url)
    spoilt = door.add(SaysItBack(status))
    password = "long & strange: ü/?+"
    url = {"gitee": door.url, "coding": f"{door.url}/a/b/c.git"}[platform]
    given = ("login", url, "--platform", platform, "--user", account.name, "--password-stdin")

    ended = account.person.matou(*given, stdin=f"{password}\n", code=None)

    assert spoilt.matched == 1
    assert ended.code != 0
    forms = (*forms_of(password, account.name), quote_plus(password), json.dumps(password)[1:-1])
    assert [form for form in forms if form in ended.out + ended.err] == []


@pytest.mark.parametrize("given", ["variable", "pipe", "file", "nothing of ours"])
def test_whoever_is_killed_leaves_no_core(
    headless: Account, fault_proxy: Callable[[str], FaultProxy], given: str, tmp_path: Path
) -> None:
    """The last case shows that this machine makes cores, and that the others would find them."""
    door = fault_proxy(headless.url)
    account = headless.reached_at(door.url)
    here = tmp_path / "here"
    here.mkdir()
    if given == "file":
        account.log_in()
    slow = door.add(Latency(30))
    environment = account.person.variables(PYTHONFAULTHANDLER="1", MATOU_GITCODE_TOKEN=account.token)
    if given != "variable":
        del environment["MATOU_GITCODE_TOKEN"]
    words = [str(MATOU), "backup", "gitcode", "--url", door.url, "--to", str(tmp_path / "archive")]
    words += ["--token-stdin"] if given == "pipe" else []
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    ask = f"import urllib.request; urllib.request.urlopen({door.url!r}, data={account.token!r}.encode())"

    with subprocess.Popen(
        words if given != "nothing of ours" else [sys.executable, "-c", ask],
        cwd=here,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)),  # noqa: PLW1509
    ) as process:
        assert process.stdin is not None
        process.stdin.write(f"{account.token}\n".encode())
        process.stdin.flush()
        limit = time.monotonic() + 20
        while slow.matched == 0:
            assert time.monotonic() < limit
            time.sleep(0.02)
        process.send_signal(signal.SIGABRT)
        said, _ = process.communicate(timeout=20)

    assert process.returncode == -signal.SIGABRT
    assert account.token.encode() not in said
    cores = files_with([here], [account.token])
    if given == "nothing of ours" and not cores:
        pytest.skip("this machine makes no cores in the working folder")
    assert bool(cores) is (given == "nothing of ours")


def test_the_server_keeps_only_the_hash_of_a_token(account: Account) -> None:
    assert files_with([account.server.root], [account.token]) == []
