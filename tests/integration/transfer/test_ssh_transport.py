"""Git by ssh against a real sshd: the same refs and objects as by HTTP, and no server that is not the one it says."""

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from matou.errors import MatouError, NotFound, TryLater, UnknownShape
from matou.git.operations.mirror import FetchSource, list_refs, make_mirror, update_mirror
from matou.git.process.run import GitAccess
from matou.git.process.ssh import SshAddress, SshChild, start_ssh
from matou.git.wire.client import RemoteBrokeOff
from matou.git.wire.pktline import CutShort
from matou.git.wire.server import UPLOAD_PACK
from matou.http.request import TransferLimits
from matou.settings import Network, SshSettings
from matou.transfer.common import ssh_transport
from matou.transfer.common.ssh_transport import (
    HostKeyNotTrusted,
    OtherProtocolVersion,
    SshKeyRefused,
    SshNotReached,
    SshTransport,
)
from support.git_repositories import assert_sound, force_push, init_bare, listing_of, make_source, refs_of
from support.histories import make_odd_history
from support.ssh_server import SshServer, make_key, needs_sshd, running_ssh_server

pytestmark = needs_sshd


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with running_ssh_server(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="module")
def old_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with running_ssh_server(tmp_path_factory.mktemp("old"), speaks_version_2=False) as server:
        yield server


@pytest.fixture(params=["server", "old_server"])
def either(request: pytest.FixtureRequest) -> SshServer:
    found: SshServer = request.getfixturevalue(request.param)
    return found


def transport_of(settings: SshSettings) -> SshTransport:
    return SshTransport(settings, pace=TransferLimits(total=None, idle=timedelta(seconds=60)), wait=lambda _: False)


def source_at(server: SshServer, repository: Path, settings: SshSettings) -> FetchSource:
    access = GitAccess(None, Network(ssh=settings))
    return FetchSource(transport_of(settings), server.url(repository), access)


@pytest.mark.parametrize("seed", range(2))
def test_an_odd_history_comes_whole_and_what_follows_it_too(either: SshServer, tmp_path: Path, seed: int) -> None:
    repository, mirror = make_odd_history(tmp_path / "it's a; ship $(id).git", seed), tmp_path / "mirror.git"
    source = source_at(either, repository, either.settings())

    listing = list_refs(source.transport, source.url)
    make_mirror(mirror, source, listing)
    assert listing == listing_of(repository)
    assert refs_of(mirror) == refs_of(repository)
    [branch, *_] = [name.removeprefix("refs/heads/") for name in refs_of(repository) if name.startswith("refs/heads/")]
    force_push(repository, branch)
    update_mirror(mirror, source, list_refs(source.transport, source.url), previous=listing, run=2)

    assert refs_of(mirror).items() >= refs_of(repository).items()
    assert_sound(mirror)


def test_an_empty_repository_and_its_head_are_told_by_a_server_of_version_2(server: SshServer, tmp_path: Path) -> None:
    repository = init_bare(tmp_path / "empty.git", head="trunk")

    listing = list_refs(transport_of(server.settings()), server.url(repository))

    assert (listing.refs, listing.head) == ({}, "refs/heads/trunk")


def test_what_an_older_server_lists_is_not_asked_for_again(old_server: SshServer, tmp_path: Path) -> None:
    repository = make_source(tmp_path / "ship.git")
    transport = transport_of(old_server.settings())
    url = old_server.url(repository)

    with pytest.raises(OtherProtocolVersion), transport.exchange(url, UPLOAD_PACK, b""):
        pytest.fail("it spoke version 2")
    (old_server.folder / "authorized_keys").rename(old_server.folder / "nobody")
    try:
        assert transport.advertise(url, UPLOAD_PACK).endswith(b"0000")
        with pytest.raises(SshKeyRefused):
            transport.advertise(url, UPLOAD_PACK)
    finally:
        (old_server.folder / "nobody").rename(old_server.folder / "authorized_keys")


def test_a_server_that_is_not_known_is_not_asked_and_how_to_look_at_its_key_is_said(
    server: SshServer, tmp_path: Path
) -> None:
    (tmp_path / "known_hosts").touch()
    transport = transport_of(server.settings(known_hosts=tmp_path / "known_hosts"))

    with pytest.raises(HostKeyNotTrusted, match="is not known here") as caught:
        list_refs(transport, server.url(tmp_path))

    assert caught.value.values["command"] == f"ssh-keyscan -p {server.port} 127.0.0.1"
    assert not (tmp_path / "known_hosts").read_bytes()


def test_a_server_with_another_key_than_the_known_one_is_not_asked(server: SshServer, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text(encoding="ascii")
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{server.port} {other}", encoding="ascii")
    transport = transport_of(server.settings(known_hosts=tmp_path / "known_hosts"))

    with pytest.raises(HostKeyNotTrusted, match="another key") as caught:
        list_refs(transport, server.url(tmp_path))

    assert "do not go on" in caught.value.advice


def test_a_key_that_is_not_let_in_is_shown_once(
    server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = transport_of(server.settings(make_key(tmp_path / "stranger")))
    started: list[str] = []

    def start(address: SshAddress, *words: Any, **options: Any) -> SshChild:
        started.append(address.server)
        return start_ssh(address, *words, **options)

    monkeypatch.setattr(ssh_transport, "start_ssh", start)
    for _ in range(3):
        with pytest.raises(SshKeyRefused, match="let none of our keys in"):
            list_refs(transport, server.url(tmp_path))

    assert len(started) == 1


def test_a_key_may_be_in_an_agent_alone(server: SshServer, tmp_path: Path) -> None:
    repository, socket = make_source(tmp_path / "ship.git"), tmp_path / "agent"
    key = server.key("in-agent")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            assert agent.poll() is None
        subprocess.run(["ssh-add", "-q", key], env={**os.environ, "SSH_AUTH_SOCK": str(socket)}, check=True)
        settings = SshSettings(agent=str(socket), known_hosts=server.known_hosts)
        listing = list_refs(transport_of(settings), server.url(repository))
    finally:
        agent.terminate()
        agent.wait()

    assert listing == listing_of(repository)


def test_a_repository_that_is_not_there_is_said_to_be(either: SshServer, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="does not appear to be a git repository"):
        list_refs(transport_of(either.settings()), either.url(tmp_path / "nothing.git"))


@pytest.mark.parametrize(
    ("name", "command", "kind"),
    [
        ("greets", "echo Welcome to this machine", UnknownShape),
        ("floods", "head -c 100000 /dev/urandom", UnknownShape),
        ("ends", "true", CutShort),
        ("cuts", "git upload-pack . | head -c 10", CutShort),
        ("refuses", "printf '0014ERR access over'", TryLater),
        ("fails", "echo ERROR: Repository not found. >&2; exit 1", NotFound),
    ],
)
def test_a_server_that_says_something_else_is_an_error_and_no_empty_repository(
    server: SshServer, tmp_path: Path, name: str, command: str, kind: type[MatouError]
) -> None:
    transport = transport_of(server.settings(server.key(name, command=command)))

    with pytest.raises(kind):
        list_refs(transport, server.url(tmp_path))


def test_a_pack_that_breaks_off_leaves_nothing_half_done(server: SshServer, tmp_path: Path) -> None:
    repository, mirror = make_odd_history(tmp_path / "ship.git", 1), tmp_path / "mirror.git"
    command = f"git upload-pack {repository} | dd bs=1 count=3000 status=none"
    source = source_at(server, repository, server.settings(server.key("breaks-off", command=command)))

    with pytest.raises((CutShort, RemoteBrokeOff, TryLater)):
        make_mirror(mirror, source, listing_of(repository))

    assert not list(mirror.rglob("*.pack"))
    assert not list(mirror.rglob("tmp_*"))


def test_a_server_that_says_nothing_is_given_up_and_its_child_is_ended(server: SshServer, tmp_path: Path) -> None:
    settings = server.settings(server.key("sleeps", command="sleep 600"))
    transport = SshTransport(
        settings, pace=TransferLimits(total=None, idle=timedelta(seconds=0.5)), wait=lambda _: False
    )

    with pytest.raises(SshNotReached, match="nothing came for"):
        list_refs(transport, server.url(tmp_path))


def test_a_server_that_drips_is_given_up_though_it_never_falls_silent(server: SshServer, tmp_path: Path) -> None:
    drip = "printf ff00version; while sleep 0.05; do printf 2; done"
    settings = server.settings(server.key("drips", command=drip))
    pace = TransferLimits(total=None, idle=timedelta(minutes=5), slow_for=timedelta(seconds=0.5))

    with pytest.raises(SshNotReached, match="fewer than 100 bytes a second"):
        list_refs(SshTransport(settings, pace=pace, wait=lambda _: False), server.url(tmp_path))


def test_a_machine_where_nobody_listens_is_tried_again_and_then_said_to_be_out_of_reach(tmp_path: Path) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return False

    with pytest.raises(SshNotReached, match="Connection refused"):
        list_refs(SshTransport(wait=wait), f"ssh://git@127.0.0.1:1{tmp_path}")

    assert waits == [2.0, 4.0]
