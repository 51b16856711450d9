"""`matou copy` to another machine by SFTP and back, with the installed program and a real sshd."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.archive_fixture import unpack
from support.program import Ended, Person
from support.ssh_server import SshServer, needs_sshd, running_ssh_server

ARCHIVES = Path(__file__).parents[1] / "data" / "archives"

pytestmark = needs_sshd


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[SshServer]:
    (tmp_path / "sshd").mkdir()
    with running_ssh_server(tmp_path / "sshd") as server:
        yield server


def test_a_copy_by_sftp_is_kept_up_to_date_checked_healed_and_an_archive_again(
    sshd: SshServer, person: Person, tmp_path: Path
) -> None:
    archive = unpack(ARCHIVES / "format-2-metadata.tar.gz", tmp_path)
    key, hosts = str(sshd.key("captain")), str(sshd.known_hosts)
    there = f"sftp://{sshd.host}{tmp_path}/nas/harbour"

    def copy(*words: str | Path, code: int = 0) -> Ended:
        return person.matou("copy", *words, code=code, MATOU_SSH_KEY=key, MATOU_SSH_KNOWN_HOSTS=hosts)

    first = copy(archive, there)
    again = copy(archive, there)
    pack = next((tmp_path / "nas/harbour").rglob("*.pack"))
    content = bytearray(pack.read_bytes())
    content[-1] ^= 1
    pack.write_bytes(content)
    damaged = copy("--check", there, "--read-data", code=5)
    healed = copy(archive, there, "--read-data")
    copy("--check", there, "--read-data")
    copy(there, tmp_path / "back")

    assert "copy 1 has all of it" in first.out
    assert "0 files (0 bytes) written" in again.out
    assert pack.name in damaged.err
    assert "1 file had been damaged there and is sent again" in healed.out
    person.matou("verify", tmp_path / "back", "--all")


def test_a_server_that_nobody_knows_is_sent_nothing(sshd: SshServer, person: Person, tmp_path: Path) -> None:
    archive = unpack(ARCHIVES / "format-2-metadata.tar.gz", tmp_path)
    there = f"sftp://{sshd.host}{tmp_path}/nas"
    (tmp_path / "none").touch()

    told = person.matou("copy", archive, there, code=4, MATOU_SSH_KNOWN_HOSTS=str(tmp_path / "none"))

    assert "is not known" in told.err
    assert not (tmp_path / "nas").exists()
