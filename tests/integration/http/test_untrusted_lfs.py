"""LFS objects at a server whose certificate nobody here trusts: nothing is sent there, and who it is is told."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from matou.http.lfs.client import LfsClient
from matou.http.responses import UntrustedServer
from matou.http.session import Session
from support.certificates import make_certificate
from support.encrypted_server import EncryptedServer
from support.lfs_server import CREDENTIAL, LfsServer, Store, with_action
from support.steered_clock import SteeredClock

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[EncryptedServer]:
    server = EncryptedServer(make_certificate(tmp_path, "IP:127.0.0.1"))
    yield server
    server.close()


def test_an_object_there_is_named_and_stops_no_other(
    lfs: LfsServer, untrusted: EncryptedServer, time_: SteeredClock
) -> None:
    own, other = lfs.add(b"own"), lfs.add(b"other")
    there = with_action(href=f"{untrusted.url}/object")
    lfs.amend = lambda oid, described: there(oid, described) if oid == other[0] else described
    store = Store()

    with Session(named=[lfs.server.url, untrusted.url], clock=time_.clock) as session:
        client = LfsClient(session, f"{lfs.server.url}/team/repo.git", credential=CREDENTIAL)
        (missing,) = client.download([own, other], store)

    assert missing.oid == other[0]
    assert "self-signed" in missing.message
    assert list(store.objects) == [own[0]]
    assert untrusted.received == []


def test_a_server_that_is_asked_for_a_batch_gets_no_credential(untrusted: EncryptedServer, time_: SteeredClock) -> None:
    with Session(named=[untrusted.url], clock=time_.clock) as session:
        client = LfsClient(session, f"{untrusted.url}/team/repo.git", credential=CREDENTIAL)

        with pytest.raises(UntrustedServer, match="self-signed"):
            client.download([("0" * 64, 3)], Store())

    assert untrusted.received == []
