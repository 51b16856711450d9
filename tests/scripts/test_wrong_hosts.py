"""A credential goes to the host that it belongs to, whatever a configuration, a redirect or an answer says."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from matou.cli.config import variable_of
from matou.forge.accounts.namespaces import create_organization
from support.accounts import Account
from support.fault_proxy import ExchangeContext, FaultProxy, Flow, Redirect, Toxic
from support.program import Ended, Person
from support.recording_server import RecordingServer, Reply
from support.scripted_source import commit
from support.secret_watch import forms_of

BELOW = {"coding": "/open-api", "gitcode": "", "gitee": "/api/v3", "matou": ""}


@pytest.fixture
def elsewhere() -> Iterator[RecordingServer]:
    """Somebody else's server, who would like to be shown a credential and asks for it."""
    server = RecordingServer()
    server.replies.append(Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'}))
    yield server
    server.close()


@pytest.fixture
def furnished(account: Account) -> Account:
    account.make_repositories(commits={"shop": 2})
    account.put_large_file("shop", b"large" * 100)
    create_organization(account.server.forge, f"{account.name}-new", owner=account.user)
    boat = account.server.repository(f"{account.name}-new/p/boat")
    commit(account.server.git_dir(boat), "refs/heads/main", {"a": "b"})
    return account


def backup(account: Account, platform: str, archive: Path, person: Person | None = None) -> Ended:
    goal = ("--url", f"{account.url}{BELOW[platform]}", "--to", archive, "--json")
    given = {variable_of(platform): account.token}
    return (person or account.person).matou("backup", platform, *goal, code=None, **given)


def migrate(account: Account, platform: str, archive: Path, person: Person | None = None) -> Ended:
    goal = ("--to", platform, "--url", f"{account.url}{BELOW[platform]}", "--namespace", f"{account.name}-new")
    given = {variable_of(platform): account.token}
    return (person or account.person).matou("migrate", archive, *goal, "--json", code=None, **given)


def shown_to(server: RecordingServer, account: Account) -> list[str]:
    """The requests that hold the token in any form."""
    forms = forms_of(account.token, account.name)
    texts = [f"{one.target} {dict(one.headers)} {one.body!r}" for one in server.requests]
    return [text for text in texts if any(form in text for form in forms)]


def test_what_a_persons_git_rewrites_is_not_rewritten_for_ours(
    furnished: Account, elsewhere: RecordingServer, tmp_path: Path
) -> None:
    home = furnished.person.home
    with (home / ".gitconfig").open("a") as file:
        file.write(f'[url "{elsewhere.url}/"]\n\tinsteadOf = {furnished.url}/\n\tpushInsteadOf = {furnished.url}/\n')
        file.write(f"[http]\n\tproxy = {elsewhere.url}\n[credential]\n\thelper = store\n")
    said = {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.{elsewhere.url}/.insteadOf",
        "GIT_CONFIG_VALUE_0": f"{furnished.url}/",
        "GIT_CONFIG_KEY_1": "credential.helper",
        "GIT_CONFIG_VALUE_1": "store",
        "GIT_ASKPASS": "/bin/false",
    }
    person = replace(furnished.person, environment=said)

    saved = backup(furnished, "gitcode", tmp_path / "archive", person)
    moved = migrate(furnished, "gitcode", tmp_path / "archive", person)

    assert (saved.code, moved.code) == (0, 0), saved.err + moved.err
    assert elsewhere.requests == []
    assert not (home / ".git-credentials").exists()


@pytest.mark.parametrize("code", [302, 308])
@pytest.mark.parametrize("path", ["^/api/", r"[.]git/", "/info/lfs/"])
@pytest.mark.parametrize("command", [backup, migrate], ids=["backup", "migrate"])
def test_a_redirect_to_another_host_is_not_followed_with_a_credential(
    furnished: Account,
    fault_proxy: Callable[[str], FaultProxy],
    elsewhere: RecordingServer,
    command: Callable[[Account, str, Path], Ended],
    path: str,
    code: int,
    tmp_path: Path,
) -> None:
    backup(furnished, "gitcode", tmp_path / "archive")
    door = fault_proxy(furnished.url)
    bent = door.add(Redirect(f"{elsewhere.url}/other", code), path=path)

    command(furnished.reached_at(door.url), "gitcode", tmp_path / ("new" if command is backup else "archive"))

    assert bent.matched > 0
    assert shown_to(elsewhere, furnished) == []


class Instead(Toxic):
    """Another address wherever an answer names the server's own."""

    def __init__(self, old: str, new: str) -> None:
        self._old, self._new = old.encode(), new.encode()

    def bend(self, flow: Flow, around: ExchangeContext) -> Flow:
        body = b"".join(flow.pieces)
        changed = body.replace(self._old, self._new)
        head = flow.head.replace(b"content-length: %d" % len(body), b"content-length: %d" % len(changed))
        return replace(flow, head=head, pieces=iter([changed]))


@pytest.mark.parametrize(("platform", "code"), [("coding", 3), ("gitcode", 3), ("gitee", 0)])
def test_an_answer_that_names_another_host_for_a_repository_does_not_get_the_credential_there(
    furnished: Account,
    fault_proxy: Callable[[str], FaultProxy],
    elsewhere: RecordingServer,
    platform: str,
    code: int,
    tmp_path: Path,
) -> None:
    """Gitee's v3 names no address for git: there we make it ourselves."""
    door = fault_proxy(furnished.url)
    bent = door.add(Instead(door.url, elsewhere.url), path="^/(api|open-api)")

    saved = backup(furnished.reached_at(door.url), platform, tmp_path / "archive")
    migrate(furnished.reached_at(door.url), platform, tmp_path / "archive")

    assert bent.matched > 1
    assert saved.code == code, saved.err
    assert shown_to(elsewhere, furnished) == []


@pytest.mark.parametrize("change", ["https", "port", "name"])
def test_a_kept_token_is_not_taken_for_another_origin_of_the_same_host(headless: Account, change: str) -> None:
    headless.log_in()
    port = headless.url.rpartition(":")[2]
    other = {"https": f"https://127.0.0.1:{port}", "port": "http://127.0.0.1:9", "name": f"http://localhost:{port}"}

    ended = headless.person.matou("backup", "gitcode", "--url", other[change], "--to", headless.configuration, code=2)

    assert "there is no token for gitcode" in ended.err
