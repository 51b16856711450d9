"""What a server says is read strictly: lists of refs, advertisements, fetch answers."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.errors import MatouError
from matou.git.wire.client import (
    FetchResponse,
    RemoteBrokeOff,
    RemoteError,
    fetch_request,
    ls_refs_request,
    read_advertisement,
    read_ls_refs,
)
from matou.git.wire.pktline import CutShort, MalformedPacket, encode, encode_line
from matou.git.wire.server import advertisement_v0, is_ls_refs, ls_refs_answer, service_announcement
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

A, B, C = (ObjectId(digit * 40) for digit in "abc")
MAIN, TAG = RefName("refs/heads/main"), RefName("refs/tags/v1")

IDS = st.sampled_from([A, B, C])
NAMES = st.sampled_from([MAIN, TAG, RefName("refs/heads/特性"), RefName("refs/heads/\udcff"), RefName("refs/x")])
LISTINGS = st.builds(
    lambda refs, peels, head: RefListing(
        refs, {name: B for name in peels if name in refs}, head=head[0], detached_head=head[1]
    ),
    st.dictionaries(NAMES, IDS),
    st.sets(NAMES),
    st.sampled_from([(MAIN, None), (RefName("refs/heads/unborn"), None), (None, C), (None, None)]),
)


def lines(*texts: str) -> bytes:
    return b"".join(map(encode_line, texts)) + b"0000"


def reading(content: bytes) -> io.BytesIO:
    return io.BytesIO(content)


@given(LISTINGS)
def test_what_our_server_lists_our_client_reads(listing: RefListing) -> None:
    request = is_ls_refs(ls_refs_request())
    assert request is not None

    assert read_ls_refs(reading(ls_refs_answer(listing, request)).read) == listing


@given(LISTINGS.filter(lambda listing: listing.head is None or listing.head in listing.refs))
def test_what_our_server_advertises_in_version_0_our_client_reads(listing: RefListing) -> None:
    content = service_announcement("git-upload-pack") + advertisement_v0(listing, "git-upload-pack")

    said = read_advertisement(reading(content).read)

    assert said.version == 0
    assert said.listing is not None
    assert (said.listing.refs, said.listing.peeled) == (listing.refs, listing.peeled)
    assert said.listing.head == listing.head or listing.detached_head == listing.refs.get(MAIN)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><title>Log in</title>",
        b"0000trailing",
        lines(f"{A} refs/heads/main") + lines("more"),
        lines("refs/heads/main"),
        lines("ABCDEF refs/heads/main"),
        lines(f"{A} refs/heads/main", f"{B} refs/heads/main"),
        lines(f"{A} refs/tags/v1 peeled:xyz"),
        encode_line(f"{A} refs/heads/main") + b"0001",
    ],
)
def test_what_is_no_list_of_refs_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedPacket):
        read_ls_refs(reading(content).read)


def test_a_list_that_breaks_off_is_not_taken_for_a_short_one() -> None:
    whole = lines(f"{A} refs/heads/main", f"{B} refs/tags/v1")

    for end in range(60, len(whole)):
        with pytest.raises(CutShort):
            read_ls_refs(reading(whole[:end]).read)


def test_a_server_s_own_words_are_told() -> None:
    with pytest.raises(RemoteError, match="repository is locked"):
        read_ls_refs(reading(lines("ERR repository is locked")).read)


def test_an_old_server_s_head_is_guessed_as_git_clone_does() -> None:
    content = lines(f"{A} HEAD\0multi_ack", f"{B} refs/heads/dev", f"{A} refs/heads/master")

    listing = read_advertisement(reading(content).read).listing

    assert listing is not None
    assert listing.head == "refs/heads/master"


@pytest.mark.parametrize("prefix", [b"", service_announcement("git-upload-pack")])
def test_a_version_2_advertisement_gives_its_capabilities(prefix: bytes) -> None:
    content = prefix + lines("version 2", "ls-refs=unborn", "object-format=sha256")

    said = read_advertisement(reading(content).read)

    assert (said.version, said.listing, said.object_format) == (2, None, "sha256")
    assert "ls-refs=unborn" in said.capabilities


def test_version_1_differs_by_its_first_line() -> None:
    listing = RefListing({MAIN: A}, head=MAIN)

    said = read_advertisement(reading(advertisement_v0(listing, "git-upload-pack", version=1)).read)

    assert (said.version, said.listing) == (1, listing)


def pack_of(*packets: bytes, head: bytes = b"") -> bytes:
    return head + encode_line("packfile") + b"".join(map(encode, packets)) + b"0000"


def test_a_pack_is_told_apart_from_progress() -> None:
    response = FetchResponse(reading(pack_of(b"\x01PACK", b"\x02Counting\n", b"\x01rest")).read)
    response.begin()

    assert b"".join(response.pack()) == b"PACKrest"
    assert response.progress == b"Counting\n"


def test_commits_without_parents_at_the_source_are_told() -> None:
    head = encode_line("shallow-info") + encode_line(f"shallow {A}") + b"0001"
    response = FetchResponse(reading(pack_of(b"\x01PACK", head=head)).read)

    response.begin()

    assert response.shallow == (A,)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", MalformedPacket),
        (b"0000", MalformedPacket),
        (lines("ERR upload-pack: not our ref"), RemoteError),
        (lines("packfile-uris"), MalformedPacket),
        (pack_of(b"\x01PACK", b"\x03out of memory"), RemoteBrokeOff),
        (pack_of(b"\x01PACK", b"\x04what"), MalformedPacket),
        (pack_of(b"\x01PACK", b""), MalformedPacket),
        (pack_of(b"\x01PACK", b"\x01more")[:-4], CutShort),
        (pack_of(b"\x01PACK", b"\x01more")[:-6], CutShort),
    ],
)
def test_a_fetch_answer_that_is_not_whole_is_an_error(content: bytes, error: type[MatouError]) -> None:
    response = FetchResponse(reading(content).read)

    def read_it() -> None:
        response.begin()
        list(response.pack())

    with pytest.raises(error):
        read_it()


def test_a_fetch_asks_for_a_thin_pack_only_where_there_is_something_to_build_on() -> None:
    assert b"thin-pack" not in fetch_request([A], [])
    assert b"thin-pack" in fetch_request([A], [B])
    assert b"object-format" not in fetch_request([A], [])
    assert b"object-format=sha256" in fetch_request([A], [], object_format="sha256")


@given(st.binary(max_size=100))
def test_no_bytes_make_a_reader_fail_in_another_way(content: bytes) -> None:
    for read in (read_ls_refs, read_advertisement):
        try:
            read(reading(content).read)
        except MatouError:
            continue
