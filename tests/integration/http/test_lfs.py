"""LFS against a local server that keeps to the batch API, or does not."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from matou.errors import NotFound, Refused, TryLater, UnknownShape
from matou.http.addresses import parse_address
from matou.http.git_http import basic_authorization
from matou.http.lfs.client import LfsClient, LfsMissing
from matou.http.session import Session
from support.fault_proxy import FaultProxy
from support.lfs_server import CREDENTIAL, TOKEN, LfsServer, Store, with_action
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply
from support.steered_clock import BEGINNING, SteeredClock


def test_objects_come_into_the_sink_a_hundred_a_batch(lfs: LfsServer, client: LfsClient) -> None:
    wanted = [lfs.add(f"object {number}".encode() * number) for number in range(205)]
    store = Store()

    assert client.download(iter(wanted), store) == ()

    assert store.objects == lfs.objects
    sizes = [len(request.json()["objects"]) for request in lfs.batches]  # type: ignore[index]
    assert sizes == [100, 100, 5]
    assert 1 <= store.most_at_once <= 3
    assert lfs.server.connections <= 4


def test_the_batch_is_asked_for_as_its_specification_has_it(lfs: LfsServer, client: LfsClient) -> None:
    oid, size = lfs.add(b"content")

    client.download([(oid, size)], Store())

    (batch,) = lfs.batches
    assert batch.target == "/team/repo.git/info/lfs/objects/batch"
    assert batch.headers["accept"] == batch.headers["content-type"] == "application/vnd.git-lfs+json"
    assert batch.has_authorization
    assert batch.json() == {
        "operation": "download",
        "transfers": ["basic"],
        "hash_algo": "sha256",
        "objects": [{"oid": oid, "size": size}],
    }


def test_the_endpoint_has_the_suffix_that_the_clone_url_left_out(
    lfs: LfsServer, session: Session, recording_server: RecordingServer
) -> None:
    LfsClient(session, f"{recording_server.url}/team/repo", credential=None).download([lfs.add(b"x")], Store())

    assert lfs.batches[0].target == "/team/repo.git/info/lfs/objects/batch"


def test_a_sink_that_reads_only_as_much_as_the_size_gets_checked_bytes(lfs: LfsServer, client: LfsClient) -> None:
    wanted = lfs.add(b"0123456789" * 1000)
    came = []

    client.download([wanted], lambda oid, size, stream: came.append(stream.read(4) + stream.read(size)))

    assert came[0] == (b"0123456789" * 1000)[: len(came[0])]


def test_an_object_that_is_missing_at_the_source_is_named_and_stops_nothing(lfs: LfsServer, client: LfsClient) -> None:
    first, last, gone = lfs.add(b"first"), lfs.add(b"last"), "0" * 64
    store = Store()

    missing = client.download([first, (gone, 3), last], store)

    assert missing == (LfsMissing(gone, 404, "Object does not exist"),)
    assert store.objects == lfs.objects


@pytest.mark.parametrize(
    ("described", "code"),
    [
        ({"error": {"code": 410, "message": "removed\x1b[2J by owner"}}, 410),
        ({"error": {"code": 422}}, 422),
        ({}, 0),
        ({"actions": {}}, 0),
        ({"actions": {"upload": {"href": "http://127.0.0.1/"}}}, 0),
    ],
)
def test_whatever_the_batch_says_instead_of_a_download_is_told(
    lfs: LfsServer, client: LfsClient, described: dict[str, object], code: int
) -> None:
    oid, size = lfs.add(b"content")
    lfs.amend = lambda oid, _: {"oid": oid, "size": size, **described}

    (missing,) = client.download([(oid, size)], Store())

    assert (missing.oid, missing.code) == (oid, code)
    assert missing.message.isprintable()


def test_an_object_that_the_batch_leaves_out_is_missing(lfs: LfsServer, client: LfsClient) -> None:
    wanted = lfs.add(b"content")
    lfs.amend = lambda oid, described: {**described, "oid": "1" * 64}

    (missing,) = client.download([wanted], Store())

    assert missing.oid == wanted[0]


@pytest.mark.parametrize("status", [404, 410, 422, 500, 501])
def test_a_download_that_fails_is_a_missing_object(
    lfs: LfsServer, client: LfsClient, recording_server: RecordingServer, status: int
) -> None:
    wanted, other = lfs.add(b"content"), lfs.add(b"other")
    recording_server.handler = lambda request: (
        Reply(status) if request.path.endswith(wanted[0]) else lfs.answer(request)
    )
    store = Store()

    (missing,) = client.download([wanted, other], store)

    assert (missing.oid, missing.code) == (wanted[0], status)
    assert list(store.objects) == [other[0]]


@pytest.mark.parametrize("status", [404, 422, 501])
def test_a_server_without_lfs_misses_every_object(
    client: LfsClient, recording_server: RecordingServer, status: int
) -> None:
    recording_server.replies = [Reply(status)]

    missing = client.download([("0" * 64, 1), ("1" * 64, 1)], Store())

    assert [entry.code for entry in missing] == [status, status]


@pytest.mark.parametrize(("status", "kind"), [(401, Refused), (403, Refused), (503, TryLater)])
def test_what_concerns_all_objects_is_raised(
    client: LfsClient, recording_server: RecordingServer, status: int, kind: type[Exception]
) -> None:
    recording_server.replies = [Reply(status)]

    with pytest.raises(kind):
        client.download([("0" * 64, 1)], Store())


@pytest.mark.parametrize(
    "body",
    [
        {"objects": "none"},
        {"message": "no"},
        [],
        {"objects": [], "transfer": "tus"},
        {"objects": [], "hash_algo": "md5"},
    ],
)
def test_a_batch_of_another_shape_is_told(client: LfsClient, recording_server: RecordingServer, body: object) -> None:
    recording_server.replies = [json_reply(body)]

    with pytest.raises(UnknownShape):
        client.download([("0" * 64, 1)], Store())


@pytest.mark.parametrize("objects", [[{"oid": 1}], [{"oid": "0" * 64, "actions": {"download": {"href": 7}}}]])
def test_an_object_that_cannot_be_read_is_missing(
    client: LfsClient, recording_server: RecordingServer, objects: list[object]
) -> None:
    recording_server.replies = [json_reply({"objects": objects})]

    assert [missing.oid for missing in client.download([("0" * 64, 1)], Store())] == ["0" * 64]


@pytest.mark.parametrize(
    "href",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "http://user:hunter2@127.0.0.1/x",
        "http://127.0.0.1:1/x\r\nX-Injected: 1",
        "http://127.0.0.1:1/\x00",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:1/other-port",
        "http://localhost:1/",
        "http://[::ffff:127.0.0.1]:1/",
        "http://0x7f.1:1/",
        "http://10.0.0.1/",
        "relative/path",
        "",
    ],
)
def test_a_download_that_leads_inward_or_hides_something_is_not_followed(
    lfs: LfsServer, client: LfsClient, href: str
) -> None:
    """B-18."""
    oid, size = lfs.add(b"content")
    lfs.amend = with_action(href=href)

    (missing,) = client.download([(oid, size)], Store())

    assert missing.oid == oid
    assert "hunter2" not in missing.message
    assert lfs.downloads == []


@pytest.mark.parametrize(
    "header",
    [
        {"X-A": "1\r\nX-Injected: 1"},
        {"X-A\r\nX-Injected": "1"},
        {"X A": "1"},
        {"": "1"},
        {"X-A": "\x00"},
        {"X-A": "密"},
    ],
)
def test_a_header_that_would_say_more_than_one_thing_is_not_sent(
    lfs: LfsServer, client: LfsClient, header: dict[str, str]
) -> None:
    oid, size = lfs.add(b"content")
    lfs.amend = with_action(header=header)

    (missing,) = client.download([(oid, size)], Store())

    assert (missing.oid, lfs.downloads) == (oid, [])


def test_an_actions_headers_are_sent_but_for_those_that_frame_the_request(lfs: LfsServer, client: LfsClient) -> None:
    wanted = lfs.add(b"content")
    header = {"X-Key": "1", "Authorization": "RemoteAuth abc", "Host": "evil", "Transfer-Encoding": "chunked"}
    lfs.amend = with_action(header={**header, "Range": "bytes=1-", "Content-Length": "9"})

    assert client.download([wanted], Store()) == ()

    (sent,) = [request.headers for request in lfs.downloads]
    assert (sent["x-key"], sent["authorization"]) == ("1", "RemoteAuth abc")
    assert sent["host"] == parse_address(lfs.server.url).origin.host + f":{lfs.server.port}"
    assert not {"transfer-encoding", "range", "content-length"} & sent.keys()


def test_our_credential_goes_to_the_repositorys_own_origin_only(
    lfs: LfsServer, fault_proxy: Callable[[str], FaultProxy], time_: SteeredClock
) -> None:
    own, other = lfs.add(b"own"), lfs.add(b"other")
    elsewhere = fault_proxy(lfs.server.url)
    lfs.amend = lambda oid, described: (
        with_action(href=f"{elsewhere.url}/objects/{oid}")(oid, described) if oid == other[0] else described
    )
    with Session(named=[lfs.server.url, elsewhere.url], clock=time_.clock) as session:
        client = LfsClient(session, f"{lfs.server.url}/r.git", credential=CREDENTIAL)
        assert client.download([own, other], Store()) == ()

    assert {request.path.rpartition("/")[2]: request.has_authorization for request in lfs.downloads} == {
        own[0]: True,
        other[0]: False,
    }


@pytest.mark.parametrize("place", ["href", "header", "authorization"])
def test_a_batch_cannot_have_our_credential_sent_elsewhere(
    lfs: LfsServer, fault_proxy: Callable[[str], FaultProxy], time_: SteeredClock, place: str
) -> None:
    wanted = lfs.add(b"content")
    elsewhere = fault_proxy(lfs.server.url)
    href = f"{elsewhere.url}/objects/{wanted[0]}"
    lfs.amend = {
        "href": with_action(href=f"{href}?token={TOKEN}"),
        "header": with_action(href=href, header={"X-Token": TOKEN}),
        "authorization": with_action(href=href, header={"Authorization": basic_authorization(CREDENTIAL).reveal()}),
    }[place]
    with Session(named=[lfs.server.url, elsewhere.url], clock=time_.clock) as session:
        client = LfsClient(session, f"{lfs.server.url}/r.git", credential=CREDENTIAL)
        (missing,) = client.download([wanted], Store())

    assert elsewhere.requests == []
    assert TOKEN not in missing.message


@pytest.mark.parametrize(
    "over",
    [
        {"expires_at": (BEGINNING - timedelta(seconds=1)).isoformat()},
        {"expires_at": "2026-11-21T07:00:00Z"},
        {"expires_at": "2026-11-21T07:00:00"},
    ],
)
def test_an_action_that_is_over_is_asked_for_once_more(
    lfs: LfsServer, client: LfsClient, over: dict[str, object]
) -> None:
    wanted = lfs.add(b"content")
    lfs.amend = with_action(**over)

    assert client.download([wanted], Store()) == ()
    assert (len(lfs.batches), len(lfs.downloads)) == (2, 1)


def test_a_signed_address_that_is_refused_is_asked_for_once_more(
    lfs: LfsServer, client: LfsClient, recording_server: RecordingServer
) -> None:
    wanted = lfs.add(b"content")

    def answer(request: SeenRequest) -> Reply:
        is_first_download = request.method == "GET" and not lfs.downloads
        reply = lfs.answer(request)
        return Reply(403, b"<Code>AccessDenied</Code>") if is_first_download else reply

    recording_server.handler = answer
    store = Store()

    assert client.download([wanted], store) == ()
    assert store.objects == lfs.objects
    assert len(lfs.batches) == 2


def test_an_object_that_stays_refused_is_missing(
    lfs: LfsServer, client: LfsClient, recording_server: RecordingServer
) -> None:
    wanted = lfs.add(b"content")
    recording_server.handler = lambda request: Reply(403) if request.method == "GET" else lfs.answer(request)

    (missing,) = client.download([wanted], Store())

    assert missing.code == 403
    assert len(lfs.batches) == 2


def test_nothing_is_asked_where_there_is_nothing_to_bring(client: LfsClient, recording_server: RecordingServer) -> None:
    assert client.download([], Store()) == ()
    assert recording_server.connections == 0


def test_a_repository_url_with_a_password_is_refused(session: Session) -> None:
    with pytest.raises(Exception, match="not asked") as caught:
        LfsClient(session, f"https://coding:{TOKEN}@e.coding.net/team/repo.git", credential=None)

    assert TOKEN not in str(caught.value)
    assert not isinstance(caught.value, NotFound)


def test_a_batch_that_is_too_large_is_asked_for_in_halves(lfs: LfsServer, client: LfsClient) -> None:
    wanted = [lfs.add(f"object {number}".encode()) for number in range(205)]
    lfs.most = 30
    store = Store()

    assert client.download(wanted, store) == ()

    assert store.objects == lfs.objects
    sizes = [len(request.json()["objects"]) for request in lfs.batches]  # type: ignore[index]
    assert sizes == [100, 50, 25, 25, 25, 25, 25, 25, 25, 25, 5]


def test_an_object_that_is_too_large_a_batch_by_itself_is_missing(lfs: LfsServer, client: LfsClient) -> None:
    wanted = [lfs.add(b"one"), lfs.add(b"two")]
    lfs.most = 0

    missing = client.download(wanted, Store())

    assert [(one.oid, one.code) for one in missing] == [(oid, 413) for oid, _ in wanted]
