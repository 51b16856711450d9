"""What we answer from memory is what git answers, byte for byte."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from matou.git.wire.client import ls_refs_request
from matou.git.wire.pktline import MalformedPacket, Marker, encode_line
from matou.git.wire.server import (
    RECEIVE_PACK,
    UPLOAD_PACK,
    advertisement_v0,
    capability_advertisement_v2,
    is_ls_refs,
    ls_refs_answer,
    service_announcement,
)
from support.git_repositories import (
    detach_head,
    git_bytes,
    init_bare,
    listing_of,
    make_many_refs,
    make_repository,
    make_source,
    point_head_at,
)


def ls_refs(*words: str, capabilities: tuple[str, ...] = ("agent=git/2.39.5", "object-format=sha1")) -> bytes:
    head = map(encode_line, ("command=ls-refs", *capabilities))
    return b"".join([*head, Marker.DELIMITER.value, *map(encode_line, words), Marker.FLUSH.value])


def detached(path: Path) -> Path:
    detach_head(make_source(path))
    return path


def headless(path: Path) -> Path:
    point_head_at(make_source(path), "refs/heads/nowhere")
    return path


def sha256(path: Path) -> Path:
    return make_source(path, object_format="sha256")


def many(path: Path) -> Path:
    return make_many_refs(path, 1000)


REPOSITORIES: tuple[Callable[[Path], Path], ...] = (make_source, make_repository, init_bare, detached, headless, many)
REQUESTS = (
    ("peel", "symrefs", "unborn"),
    ("peel", "symrefs"),
    ("unborn",),
    (),
    ("peel", "symrefs", "unborn", "ref-prefix refs/heads/", "ref-prefix HEAD"),
    ("peel", "ref-prefix refs/tags/v", "ref-prefix refs/merge/1"),
    ("symrefs", "ref-prefix refs/heads/特性", "ref-prefix nothing"),
)


def without_agent(advertisement: bytes) -> bytes:
    """Packets and lengths as lines, without the names of the two programs."""
    lines = re.sub(rb"(?m)^[0-9a-f]{4}", b"", advertisement)
    return re.sub(rb"agent=[^\n ]+", b"", lines).replace(b"object-info\n", b"")


@pytest.mark.parametrize("make", REPOSITORIES)
@pytest.mark.parametrize("words", REQUESTS)
def test_ls_refs_is_answered_as_git_does(tmp_path: Path, make: Callable[[Path], Path], words: tuple[str, ...]) -> None:
    repository = make(tmp_path / "r.git")
    request = is_ls_refs(ls_refs(*words))

    assert request is not None
    theirs = git_bytes(
        None, "upload-pack", "--stateless-rpc", repository, input=ls_refs(*words), GIT_PROTOCOL="version=2"
    )
    assert ls_refs_answer(listing_of(repository), request) == theirs


@pytest.mark.parametrize("make", REPOSITORIES)
@pytest.mark.parametrize("service", [UPLOAD_PACK, RECEIVE_PACK])
@pytest.mark.parametrize("version", [0, 1])
def test_refs_are_advertised_as_git_does(
    tmp_path: Path, make: Callable[[Path], Path], service: str, version: int
) -> None:
    repository = make(tmp_path / "r.git")
    command = [service.removeprefix("git-"), "--stateless-rpc", "--advertise-refs", str(repository)]
    offered = ("Filter", "TipSHA1InWant", "ReachableSHA1InWant")
    settings = [word for name in offered for word in ("-c", f"uploadpack.allow{name}=true")]
    settings += ["-c", "receive.advertisePushOptions=true"]
    theirs = git_bytes(None, *settings, *command, GIT_PROTOCOL=f"version={version}")

    ours = advertisement_v0(listing_of(repository), service, version=version)

    # git 2.39's upload-pack says nothing of an empty repository; since 2.41 it gives its capabilities, as we do.
    is_empty = b"capabilities^{}" in ours and service == UPLOAD_PACK
    assert sorted(without_agent(ours).split()) == sorted(without_agent(theirs).split()) or is_empty
    assert without_agent(ours).replace(b" filter", b"") == without_agent(theirs).replace(b" filter", b"") or is_empty


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_the_capabilities_of_version_2_are_git_s(tmp_path: Path, object_format: str) -> None:
    repository = init_bare(tmp_path / "r.git", object_format=object_format)
    theirs = git_bytes(
        None, "upload-pack", "--stateless-rpc", "--advertise-refs", repository, GIT_PROTOCOL="version=2",
        GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="uploadpack.allowFilter", GIT_CONFIG_VALUE_0="true",
    )  # fmt: skip

    assert without_agent(capability_advertisement_v2(object_format)) == without_agent(theirs)


def test_a_real_git_reads_a_sha256_answer(tmp_path: Path) -> None:
    listing = listing_of(sha256(tmp_path / "r.git"))
    request = is_ls_refs(ls_refs("peel", capabilities=("object-format=sha256",)))

    assert listing.object_format == "sha256"
    assert request is not None
    assert ls_refs_answer(listing, request).count(b"refs/") == len(listing.refs)


def test_a_client_of_another_object_format_is_not_answered(tmp_path: Path) -> None:
    request = is_ls_refs(ls_refs("peel", capabilities=("object-format=sha256",)))

    assert request is not None
    with pytest.raises(MalformedPacket):
        ls_refs_answer(listing_of(make_repository(tmp_path / "r.git")), request)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"0000",
        b"".join(map(encode_line, ("command=fetch",))) + b"0001" + encode_line("done") + b"0000",
        ls_refs("peel") + ls_refs("peel"),
        ls_refs("peel") + b"0000",
        ls_refs("peel", "no-such-argument"),
        ls_refs("peel", capabilities=("command=fetch",)),
        ls_refs("peel", capabilities=("object-format=md5",)),
        encode_line("command=ls-refs") + Marker.FLUSH.value,
        ls_refs(*(f"ref-prefix refs/heads/{number}" for number in range(66_000))),
        ls_refs("peel").replace(b"0001", b"0002"),
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_not_plainly_ls_refs_is_left_to_git(body: bytes) -> None:
    assert is_ls_refs(body) is None


@pytest.mark.parametrize("body", [b"zzzz", b"-001", ls_refs("peel")[:-4], ls_refs("peel")[:-6], b"0003"])
def test_a_body_that_is_no_protocol_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedPacket):
        is_ls_refs(body)


def test_what_our_client_asks_our_server_understands() -> None:
    request = is_ls_refs(ls_refs_request())

    assert request is not None
    assert (request.peel, request.symrefs, request.unborn, request.prefixes) == (True, True, True, ())


def test_the_service_is_announced_as_git_http_backend_does() -> None:
    assert service_announcement(UPLOAD_PACK) == b"001e# service=git-upload-pack\n0000"
