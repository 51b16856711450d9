"""The bytes of an LFS object arrive as they are, or not at all."""

from collections.abc import Callable

import pytest

from matou.errors import Damaged, TryLater
from matou.http.lfs.client import LfsClient, LfsContent
from matou.http.session import Session
from support.fault_proxy import FaultProxy, FlipByte, ResetPeer, TruncateBody
from support.lfs_server import LfsServer, Store, with_action
from support.recording_server import RecordingServer, Reply, SeenRequest
from support.steered_clock import SteeredClock


@pytest.mark.parametrize("sent", [b"conten!", b"content and more", b""])
def test_wrong_bytes_never_come_to_an_end(lfs: LfsServer, client: LfsClient, sent: bytes) -> None:
    oid, size = lfs.add(b"content")
    lfs.objects[oid] = sent
    ended = []

    def sink(oid: str, size: int, stream: LfsContent) -> None:
        while stream.read(3):
            pass
        ended.append(oid)

    (missing,) = client.download([(oid, size)], sink)

    assert missing.oid == oid
    assert ended == []


def test_bytes_that_the_sink_did_not_read_are_checked_too(lfs: LfsServer, client: LfsClient) -> None:
    oid, size = lfs.add(b"content")
    lfs.objects[oid] = b"conten!"

    (missing,) = client.download([(oid, size)], lambda oid, size, stream: None)

    assert "the bytes of another" in missing.message


def test_what_the_sink_finds_damaged_is_told(lfs: LfsServer, client: LfsClient) -> None:
    def sink(oid: str, size: int, stream: LfsContent) -> None:
        raise Damaged("the disk gave other bytes back")

    (missing,) = client.download([lfs.add(b"content")], sink)

    assert missing.message == "the disk gave other bytes back"


def test_a_fault_of_the_sink_is_not_taken_for_a_missing_object(lfs: LfsServer, client: LfsClient) -> None:
    def sink(oid: str, size: int, stream: LfsContent) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        client.download([lfs.add(b"content")], sink)


def test_an_end_that_nothing_announced_may_be_a_cut(
    lfs: LfsServer, client: LfsClient, recording_server: RecordingServer
) -> None:
    wanted = lfs.add(b"content")

    def answer(request: SeenRequest) -> Reply:
        is_first_download = request.method == "GET" and not lfs.downloads
        reply = lfs.answer(request)
        return Reply(raw=[b"HTTP/1.1 200 OK\r\n\r\ncon"]) if is_first_download else reply

    recording_server.handler = answer
    store = Store()

    assert client.download([wanted], store) == ()
    assert store.objects == lfs.objects


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("cut", [TruncateBody(300_001), ResetPeer(300_001)])
def test_a_download_that_is_cut_goes_on_where_it_was(
    lfs: LfsServer,
    fault_proxy: Callable[[str], FaultProxy],
    time_: SteeredClock,
    cut: TruncateBody | ResetPeer,
    ranges: bool,
) -> None:
    content = bytes(range(256)) * 4000
    wanted = lfs.add(content)
    lfs.ranges = ranges
    proxy = fault_proxy(lfs.server.url)
    proxy.add(cut, method="GET", at=[1, 2])
    lfs.amend = with_action(href=f"{proxy.url}/objects/{wanted[0]}")
    store = Store()
    with Session(named=[proxy.url], clock=time_.clock) as session:
        missing = LfsClient(session, f"{proxy.url}/r.git", credential=None).download([wanted], store)

    assert missing == ()
    assert store.objects == lfs.objects
    requests_seen = [request.headers.get("range") for request in lfs.downloads]
    assert requests_seen[0] is None
    assert all(range_ is not None for range_ in requests_seen[1:])


def test_a_download_that_is_always_cut_at_the_same_byte_ends(
    lfs: LfsServer, fault_proxy: Callable[[str], FaultProxy], time_: SteeredClock
) -> None:
    wanted = lfs.add(b"x" * 100_000)
    lfs.ranges = False
    proxy = fault_proxy(lfs.server.url)
    proxy.add(TruncateBody(70_000), method="GET")
    lfs.amend = with_action(href=f"{proxy.url}/objects/{wanted[0]}")
    with (
        Session(named=[proxy.url], clock=time_.clock) as session,
        pytest.raises(TryLater, match="cut off 6 times after byte 70000 of 100000"),
    ):
        LfsClient(session, f"{proxy.url}/r.git", credential=None).download([wanted], Store())


def test_a_flipped_byte_is_found(lfs: LfsServer, fault_proxy: Callable[[str], FaultProxy], time_: SteeredClock) -> None:
    wanted = lfs.add(b"x" * 100_000)
    proxy = fault_proxy(lfs.server.url)
    proxy.add(FlipByte(99_999), method="GET")
    lfs.amend = with_action(href=f"{proxy.url}/objects/{wanted[0]}")
    store = Store()
    with Session(named=[proxy.url], clock=time_.clock) as session:
        (missing,) = LfsClient(session, f"{proxy.url}/r.git", credential=None).download([wanted], store)

    assert (missing.oid, store.objects) == (wanted[0], {})


@pytest.mark.parametrize("said", [0, 3, 6, 8, 5_000])
def test_the_digest_decides_and_not_what_a_pointer_says_of_the_size(
    lfs: LfsServer, client: LfsClient, said: int
) -> None:
    oid, _ = lfs.add(b"content")
    store = Store()

    assert client.download([(oid, said)], store) == ()
    assert store.objects == lfs.objects


@pytest.mark.parametrize("said", [3, 5_000])
def test_wrong_bytes_of_a_wrong_size_are_found_too(lfs: LfsServer, client: LfsClient, said: int) -> None:
    oid, _ = lfs.add(b"content")
    lfs.objects[oid] = b"other content"
    ended = []

    def sink(oid: str, size: int, stream: LfsContent) -> None:
        while stream.read(3):
            pass
        ended.append(oid)

    (missing,) = client.download([(oid, said)], sink)

    assert (missing.oid, ended) == (oid, [])


def test_bytes_without_an_announced_end_stop_at_the_size_that_was_announced(
    lfs: LfsServer, client: LfsClient, recording_server: RecordingServer
) -> None:
    """A server that sends for ever does not fill the disk."""
    wanted = lfs.add(b"content")
    piece = b"10\r\n" + b"x" * 16 + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    recording_server.handler = lambda request: (
        lfs.answer(request) if request.method == "POST" else Reply(raw=[head, *[piece] * 50_000])
    )
    came: list[bytes] = []

    def sink(oid: str, size: int, stream: LfsContent) -> None:
        while part := stream.read(1000):
            came.append(part)

    (missing,) = client.download([wanted], sink)

    assert missing.oid == wanted[0]
    assert sum(map(len, came)) <= len(b"content")
