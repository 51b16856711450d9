"""Starting, stopping, and starting again."""

import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from matou.db.repositories import Repository
from matou.server.main import AddressUnusable, PortTaken, listen, url_of
from support.git_repositories import ENVIRONMENT, git, make_repository
from support.matou_server import MatouServer, running_server

HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def large_repository(server: MatouServer, folder: Path) -> Repository:
    repository = server.repository()
    source = make_repository(folder / "large.git", commits=1, file_bytes=30_000_000)
    shutil.copytree(source / "objects", server.git_dir(repository) / "objects", dirs_exist_ok=True)
    git(server.git_dir(repository), "update-ref", "refs/heads/main", git(source, "rev-parse", "main"))
    return repository


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_though_a_connection_is_kept_open(root: Path, number: signal.Signals) -> None:
    with running_server(root) as server:
        pool = urllib3.HTTPConnectionPool(urlsplit(server.url).hostname or "", urlsplit(server.url).port)
        pool.request("GET", "/-/health")
        begun = time.monotonic()

        status = server.stop(number)

    assert status == 0
    assert time.monotonic() - begun < 5


def test_requests_under_way_may_finish(root: Path, tmp_path: Path) -> None:
    with running_server(root) as server:
        repository = large_repository(server, tmp_path)
        url = server.clone_url(repository, server.credential())
        words = ["git", "-c", "core.compression=0", "clone", "--quiet", "--mirror", url, str(tmp_path / "clone.git")]
        clone = subprocess.Popen(words, env=ENVIRONMENT, stderr=subprocess.PIPE)
        while not list((tmp_path / "clone.git").glob("objects/pack/tmp_pack_*")):
            time.sleep(0.005)

        status = server.stop()

    assert clone.communicate(timeout=60)[1] == b""
    assert (clone.returncode, status) == (0, 0)


def test_a_push_under_way_is_whole_or_refused(root: Path, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source.git", commits=1, file_bytes=10_000_000)
    with running_server(root) as server:
        repository = server.repository()
        git_dir = server.git_dir(repository)
        url = server.clone_url(repository, server.credential())
        push = subprocess.Popen(["git", f"--git-dir={source}", "push", "--quiet", url, "main"], env=ENVIRONMENT)
        while not list((git_dir / "objects").glob("tmp_objdir*")):
            time.sleep(0.005)

        status = server.stop()

    arrived = git(git_dir, "for-each-ref", "--format=%(objectname)")
    assert status == 0
    assert (push.wait(60) == 0) == (arrived == git(source, "rev-parse", "main"))
    assert list((git_dir / "objects").glob("tmp_objdir*")) == []
    assert list(git_dir.rglob("*.lock")) == []


def test_what_was_acknowledged_is_there_after_a_kill(root: Path, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source.git")
    with running_server(root) as server:
        repository = server.repository()
        git(source, "push", "--quiet", server.clone_url(repository, server.credential()), "main")
        server.stop(signal.SIGKILL)

    with running_server(root) as again:
        url = again.clone_url(repository, again.credential(again.user(admin=True)))
        assert git(None, "ls-remote", url, "refs/heads/main").split()[0] == git(source, "rev-parse", "main")


def test_a_port_that_is_taken_is_named(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", ""])
def test_an_address_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(AddressUnusable):
        listen(host or "a b", 0)


def test_an_address_of_version_6_stands_in_brackets() -> None:
    try:
        listener = listen("::1", 0)
    except (AddressUnusable, PortTaken):
        pytest.skip("no IPv6 on this machine")
    with listener:
        assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"


def test_nothing_but_the_url_goes_to_stdout(root: Path) -> None:
    with running_server(root) as server:
        HTTP.request("GET", f"{server.url}/nothing")
        server.process.send_signal(signal.SIGTERM)
        rest = server.process.communicate()[0]

    assert rest == ""


def test_the_whole_server_is_loaded_only_when_it_is_run() -> None:
    program = "import sys; import matou.cli.main; print('granian' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip() == "False"
