"""The store on another machine keeps the promise of every store, over a real sshd, and tells what is against us."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.stores import StoreContract
from matou.settings import SshSettings
from matou.storage.base import InvalidKey
from matou.storage.sftp import (
    PIECE_BYTES,
    SftpAddress,
    SftpAway,
    SftpConnection,
    SftpRefused,
    SftpStore,
    UnusableSftpAddress,
    open_sftp,
    read_sftp_address,
)
from support.ssh_server import SshServer, make_key, needs_sshd, running_ssh_server

pytestmark = needs_sshd


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with running_ssh_server(tmp_path_factory.mktemp("sshd")) as server:
        yield server


def address_of(sshd: SshServer, folder: Path) -> SftpAddress:
    return read_sftp_address(f"sftp://{sshd.host}{folder}")


@pytest.fixture(scope="module")
def connection(sshd: SshServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpConnection]:
    connection = SftpConnection(address_of(sshd, tmp_path_factory.getbasetemp()), sshd.settings())
    yield connection
    connection.close()


@pytest.fixture
def store(connection: SftpConnection, tmp_path: Path) -> SftpStore:
    return SftpStore(connection, root=f"{tmp_path}/there", name="sftp://nas/there")


class TestSftpStore(StoreContract):
    @pytest.fixture
    def store(self, connection: SftpConnection, tmp_path: Path) -> SftpStore:
        return SftpStore(connection, root=f"{tmp_path}/there", name="sftp://nas/there")

    def make_store(self, folder: Path) -> SftpStore:
        raise AssertionError


def test_a_file_of_many_pieces_comes_back_whole_and_is_its_owners(store: SftpStore, tmp_path: Path) -> None:
    chunk = bytes(range(256)) * 4096
    count = PIECE_BYTES // len(chunk) * 2 + 1

    assert store.put("a/large", (chunk for _ in range(count))) == store.size("a/large") == len(chunk) * count

    with store.open("a/large") as file:
        assert all(file.read(len(chunk)) == chunk for _ in range(count))
        assert file.read() == b""
    assert oct((tmp_path / "there/a/large").stat().st_mode) == "0o100600"
    assert oct((tmp_path / "there/a").stat().st_mode) == "0o40700"


def test_a_key_is_a_name_in_any_language(store: SftpStore, tmp_path: Path) -> None:
    store.put("%E7%A0%81%E5%A4%B4/x", [b"1"])

    assert (tmp_path / "there/码头/x").read_bytes() == b"1"
    assert list(store.sizes()) == [("%E7%A0%81%E5%A4%B4/x", 1)]


def test_links_lead_nowhere_and_nothing_half_written_is_listed(store: SftpStore, tmp_path: Path) -> None:
    store.put("a/1", [b"1"])
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    (tmp_path / "there/link").symlink_to(tmp_path / "outside")
    (tmp_path / "there/file").symlink_to(tmp_path / "outside/secret")
    (tmp_path / "there/.matou-staging/half").write_text("half")

    assert dict(store.sizes()) == {"a/1": 1}
    assert not store.exists("file")
    with pytest.raises(InvalidKey):
        store.put(".matou-staging/x", [b""])


def test_a_folder_that_may_not_be_written_to_is_told(sshd: SshServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    store, connection = open_sftp(address_of(sshd, tmp_path / "file"), sshd.settings())

    with pytest.raises(SftpAway, match="does not do it"):
        store.put("key", [b""])
    connection.close()


def test_a_server_that_is_not_known_gets_nothing(sshd: SshServer, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text("")
    unknown = replace(sshd.settings(), known_hosts=tmp_path / "known_hosts")
    store, connection = open_sftp(address_of(sshd, tmp_path), unknown)

    with pytest.raises(SftpRefused, match="not known"):
        store.put("key", [b""])
    connection.close()


def test_a_key_that_is_not_let_in_is_told(sshd: SshServer, tmp_path: Path) -> None:
    other = SshSettings(key=make_key(tmp_path / "other"), known_hosts=sshd.known_hosts)
    store, connection = open_sftp(address_of(sshd, tmp_path), other)

    with pytest.raises(SftpRefused, match="does not take our key"):
        list(store.iterate())
    connection.close()


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    store, connection = open_sftp(SftpAddress("127.0.0.1", "/copies", port=9), SshSettings())

    with pytest.raises(SftpAway, match="cannot be reached"):
        store.exists("key")
    connection.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sftp://nas/volume1/copies", SftpAddress("nas", "/volume1/copies")),
        ("sftp://anna@nas.example:2222/~/copies/", SftpAddress("nas.example", "copies", "anna", 2222)),
        ("sftp://[::1]/%E7%A0%81", SftpAddress("::1", "/码")),
    ],
)
def test_an_address_names_a_folder(text: str, expected: SftpAddress) -> None:
    assert read_sftp_address(text) == expected
    assert read_sftp_address(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "sftp://nas",
        "sftp://nas/",
        "sftp://anna:hunter2@nas/x",
        "sftp://-oProxyCommand=x/x",
        "sftp://nas/../x",
        "sftp://nas/x?y",
        "sftp://nas:port/x",
        "sftp://[nas/x",
        "sftp://na s/x",
        "sftp://nas/a%00b",
        "sftp://nas/%ff",
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(UnusableSftpAddress) as told:
        read_sftp_address(text)

    assert "hunter2" not in str(told.value) + repr(told.value.values)
