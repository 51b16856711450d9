"""What people do with git by SSH, done by git and OpenSSH's client themselves."""

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.forge.access import OPERATOR, authorize_administration
from matou.forge.accounts.log_ins import read_log_ins
from matou.forge.accounts.namespaces import find_namespace
from support.deciding import add_member, archive_repository, remove_ssh_key, set_active, ssh_keys
from support.git_repositories import git, make_repository, make_source
from support.matou_server import PASSWORD, MatouServer
from support.page_browser import PageBrowser
from support.ssh_keys import new_ssh_key
from support.ssh_people import NEEDS_SSH, SshPerson, known_hosts, stranger, with_account, with_deploy_key

pytestmark = NEEDS_SSH
VERSIONS = pytest.mark.parametrize("version", ["0", "1", "2"])


@pytest.fixture
def owner(ssh_server: MatouServer, tmp_path: Path) -> SshPerson:
    return with_account(ssh_server, ssh_server.owner, tmp_path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_source(tmp_path / "source.git", commits=20)


@pytest.fixture
def pushed(ssh_server: MatouServer, owner: SshPerson, source: Path) -> Repository:
    repository = ssh_server.repository()
    owner.git("--git-dir", source, "push", "--quiet", "--mirror", owner.url(repository))
    return repository


def refs(git_dir: Path) -> str:
    return git(git_dir, "for-each-ref", "--format=%(objectname) %(refname)")


@VERSIONS
def test_a_clone_is_what_was_pushed(
    owner: SshPerson, pushed: Repository, source: Path, tmp_path: Path, version: str
) -> None:
    clone = tmp_path / "clone.git"

    owner.git("-c", f"protocol.version={version}", "clone", "--quiet", "--mirror", owner.url(pushed), clone)

    assert refs(clone) == refs(source)
    git(clone, "fsck", "--strict", "--full")


@VERSIONS
def test_a_fetch_brings_what_is_new_and_no_more(
    owner: SshPerson, pushed: Repository, source: Path, tmp_path: Path, version: str
) -> None:
    clone, protocol = tmp_path / "clone.git", f"protocol.version={version}"
    owner.git("-c", protocol, "clone", "--quiet", "--bare", owner.url(pushed), clone)
    new = git(source, "commit-tree", "main^{tree}", "-p", "main", "-m", "new")
    git(source, "update-ref", "refs/heads/main", new)
    owner.git("--git-dir", source, "push", "--quiet", owner.url(pushed), "main")

    owner.git("--git-dir", clone, "-c", protocol, "fetch", "--quiet", owner.url(pushed), "main")

    assert git(clone, "rev-parse", "FETCH_HEAD") == new


@pytest.mark.parametrize(
    "options", [("--depth=3", "--bare"), ("--filter=blob:none", "--bare"), ("--single-branch", "--bare")]
)
def test_shallow_and_partial_clones(
    owner: SshPerson, pushed: Repository, tmp_path: Path, options: tuple[str, ...]
) -> None:
    owner.git("clone", "--quiet", *options, owner.url(pushed), tmp_path / "part")

    assert git(tmp_path / "part", "rev-parse", "--git-dir")


def test_the_short_form_of_an_address_is_understood(
    ssh_server: MatouServer, owner: SshPerson, pushed: Repository
) -> None:
    command = f"{owner.environment['GIT_SSH_COMMAND']} -p {ssh_server.ssh_port}"

    listed = owner.git("ls-remote", f"git@127.0.0.1:{pushed.path}.git", GIT_SSH_COMMAND=command)

    assert "refs/heads/main" in listed
    assert "refs/heads/main" in owner.git("ls-remote", owner.url(pushed, user=ssh_server.owner.name))
    assert "denied" in owner.git("ls-remote", owner.url(pushed, user="root"), code=128)


@pytest.mark.parametrize(("kind", "bits"), [("ecdsa", 0), ("rsa", 3072)])
def test_other_kinds_of_keys_let_in(
    ssh_server: MatouServer, pushed: Repository, tmp_path: Path, kind: str, bits: int
) -> None:
    person = with_account(ssh_server, ssh_server.owner, tmp_path, new_ssh_key(kind, bits=bits))

    assert "refs/heads/main" in person.git("ls-remote", person.url(pushed))


def test_each_ref_of_a_push_is_judged_as_over_http(
    ssh_server: MatouServer, owner: SshPerson, pushed: Repository, source: Path
) -> None:
    url = owner.url(pushed)

    told = owner.git("--git-dir", source, "push", url, "main:refs/heads/more", "main:refs/matou/kept/x", code=1)
    gone = owner.git("--git-dir", source, "push", url, ":more")
    head = owner.git("--git-dir", source, "push", url, ":main", code=1)
    same = owner.git("--git-dir", source, "push", url, "main")

    assert "deny updating a hidden ref" in told
    assert "[new branch]" in told
    assert "[deleted]" in gone
    assert "deletion of the current branch prohibited" in head
    assert "up-to-date" in same
    assert "refs/heads/more" not in refs(ssh_server.git_dir(pushed))


def test_a_stranger_is_refused_and_a_private_repository_looks_like_none(
    ssh_server: MatouServer, pushed: Repository, tmp_path: Path
) -> None:
    nobody = stranger(ssh_server, tmp_path)
    other = with_account(ssh_server, ssh_server.user(), tmp_path)

    assert "Permission denied (publickey)" in nobody.git("ls-remote", nobody.url(pushed), code=128)
    hidden = other.git("ls-remote", other.url(pushed), code=128)
    missing = other.git("ls-remote", other.url("team/nothing"), code=128)
    assert f"there is no repository '{pushed.path}'" in hidden
    assert "there is no repository 'team/nothing'" in missing


def test_who_may_read_may_not_push(ssh_server: MatouServer, pushed: Repository, source: Path, tmp_path: Path) -> None:
    user = ssh_server.user()
    add_member(ssh_server.forge, find_namespace(ssh_server.forge, pushed.path.namespace), user, Role.REPORTER)
    reporter = with_account(ssh_server, user, tmp_path)

    assert "refs/heads/main" in reporter.git("ls-remote", reporter.url(pushed))
    refused = reporter.git("--git-dir", source, "push", reporter.url(pushed), "main:refs/heads/x", code=128)
    assert "may not" in refused


def test_a_key_that_is_removed_and_an_account_that_is_disabled_let_nobody_in(
    ssh_server: MatouServer, tmp_path: Path
) -> None:
    user = ssh_server.user()
    first, second = (with_account(ssh_server, user, tmp_path) for _ in range(2))
    remove_ssh_key(ssh_server.forge, user, ssh_keys(ssh_server.forge, user)[0].id)

    assert first.ssh().returncode == 255
    assert second.ssh().returncode == 1
    set_active(ssh_server.forge, user, active=False)
    assert second.ssh().returncode == 255


def test_a_deploy_key_reads_or_writes_its_repository(
    ssh_server: MatouServer, pushed: Repository, source: Path, tmp_path: Path
) -> None:
    other = ssh_server.repository()
    reading = with_deploy_key(ssh_server, pushed, tmp_path, writes=False)
    writing = with_deploy_key(ssh_server, pushed, tmp_path, writes=True)

    reading.git("clone", "--quiet", reading.url(pushed), tmp_path / "clone")
    refused = reading.git("--git-dir", source, "push", reading.url(pushed), "main:refs/heads/x", code=128)
    assert "this deploy key may only read" in refused
    assert "token" not in refused
    assert "[new branch]" in writing.git("--git-dir", source, "push", writing.url(pushed), "main:refs/heads/x")
    assert "there is no repository" in writing.git("ls-remote", writing.url(other), code=128)
    archive_repository(ssh_server.forge, pushed)
    assert "read-only" in writing.git("--git-dir", source, "push", writing.url(pushed), "main:refs/heads/y", code=128)


def test_pushes_to_one_repository_by_ssh_and_http_take_turns(
    ssh_server: MatouServer, owner: SshPerson, tmp_path: Path
) -> None:
    repository = ssh_server.repository()
    work = make_repository(tmp_path / "work.git", commits=3)
    urls = [owner.url(repository), ssh_server.clone_url(repository, ssh_server.credential())] * 3
    said: list[str] = []
    threads = [
        threading.Thread(
            target=lambda number=number, url=url: said.append(
                owner.git("--git-dir", work, "push", url, f"main:refs/heads/b{number}")
            )
        )
        for number, url in enumerate(urls)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(said) == len(urls)
    assert [line.split("/")[-1] for line in refs(ssh_server.git_dir(repository)).splitlines()] == [
        f"b{number}" for number in range(len(urls))
    ]


def test_a_large_push_and_clone_come_whole(ssh_server: MatouServer, owner: SshPerson, tmp_path: Path) -> None:
    repository, work = ssh_server.repository(), tmp_path / "work"
    subprocess.run(["git", "init", "--quiet", "-b", "main", work], check=True)
    (work / "large").write_bytes(bytes(range(256)) * 4096 + os.urandom(12_000_000))
    owner.git("-C", work, "add", ".")
    owner.git("-C", work, "commit", "--quiet", "-m", "large")

    owner.git("-C", work, "push", "--quiet", owner.url(repository), "main")
    for version in "02":
        owner.git("-c", f"protocol.version={version}", "clone", "--quiet", owner.url(repository), tmp_path / version)

    assert all((tmp_path / version / "large").read_bytes() == (work / "large").read_bytes() for version in "02")


def test_pages_say_how_to_come_by_ssh_and_take_keys(
    ssh_server: MatouServer, pushed: Repository, source: Path, tmp_path: Path
) -> None:
    pair, browser = new_ssh_key(comment="me@laptop"), PageBrowser(ssh_server.url)
    browser.sign_in(ssh_server.owner.name, PASSWORD)
    page = browser.open("/-/account/ssh-keys")

    added = browser.send(page, "/-/account/ssh-keys", key=pair.public, title="")
    refused = browser.send(added, "/-/account/ssh-keys", key=pair.private.decode(), title="")

    assert f"[127.0.0.1]:{ssh_server.ssh_port} {ssh_server.host_key}" in page.text
    assert "me@laptop" in added.text
    assert refused.status == 422
    assert pair.private.decode().splitlines()[1] not in refused.text
    person = SshPerson(ssh_server, pair.write(tmp_path), known_hosts(ssh_server, tmp_path))
    assert person.url(pushed) in browser.open(f"/{pushed.path}").text
    assert "refs/heads/main" in person.git("ls-remote", person.url(pushed))


def test_who_came_in_by_a_key_and_who_was_refused_is_noted(
    ssh_server: MatouServer, pushed: Repository, tmp_path: Path
) -> None:
    nobody, owner = stranger(ssh_server, tmp_path), ssh_server.user()
    with_account(ssh_server, owner, tmp_path).ssh()
    nobody.ssh()

    def noted() -> bool:
        administrator = authorize_administration(OPERATOR)
        entries, _ = read_log_ins(ssh_server.forge, administrator, offset=0, limit=1000)
        said = {(entry.account, str(entry.what), str(entry.interface), entry.address) for entry in entries}
        by_ssh = ("by SSH", "127.0.0.1")
        return {(owner.name, "came in by a key", *by_ssh), ("", "somebody was refused", *by_ssh)} <= said

    ends = time.monotonic() + 60
    while not noted():
        assert time.monotonic() < ends
        time.sleep(0.05)
