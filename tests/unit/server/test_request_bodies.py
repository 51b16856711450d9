"""What comes in is bounded, and refused before a process exists for it."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from matou.errors import UnknownShape
from matou.server.git.packet_framing import (
    MOST_EMPTY_PACKETS,
    MalformedBody,
    PacketFraming,
    TooManyRefs,
)
from matou.server.streaming import BodyTooLarge, ClientLeft, RequestBody, bounded, inflated


def packet(content: bytes) -> bytes:
    return b"%04x%b" % (len(content) + 4, content)


async def pieces_of(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def inflate(pieces: Iterable[bytes], *, limit_bytes: int = 1 << 30) -> bytes:
    async def collect() -> bytes:
        return b"".join([part async for part in bounded(inflated(pieces_of(pieces)), limit_bytes=limit_bytes)])

    return asyncio.run(collect())


def cut(text: bytes, size: int) -> list[bytes]:
    return [text[start : start + size] for start in range(0, len(text), size)]


@given(st.binary(max_size=300_000), st.integers(1, 70_000))
def test_gzip_gives_back_what_was_packed_whatever_the_pieces(content: bytes, size: int) -> None:
    assert inflate(cut(gzip.compress(content), size)) == content


def test_a_gzip_bomb_ends_at_the_limit() -> None:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(300)) + compressor.flush()

    with pytest.raises(BodyTooLarge):
        inflate([bomb], limit_bytes=1 << 20)


@pytest.mark.parametrize(
    "body",
    [b"", b"no gzip", gzip.compress(b"a")[:-1], gzip.compress(b"a") + b"b", gzip.compress(b"a") * 2],
    ids=["empty", "other", "cut", "more behind it", "two members"],
)
def test_what_is_not_one_whole_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(UnknownShape):
        inflate(cut(body, 7))


def test_a_body_that_breaks_off_is_not_a_body() -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def read() -> list[bytes]:
        return [piece async for piece in RequestBody(receive).chunks()]

    with pytest.raises(ClientLeft):
        asyncio.run(read())


def follow(pieces: Iterable[bytes]) -> None:
    framing = PacketFraming(most_packets=10)
    for piece in pieces:
        framing.feed(piece)
    framing.finish()


WELL_FORMED = [
    packet(b"command=ls-refs\n") + b"0001" + packet(b"peel\n") + b"0000",
    packet(b"want " + b"a" * 40 + b"\n") + b"0000" + packet(b"done\n"),
    b"0000",
    packet(b"x" * 65516) + b"0000",
]


@pytest.mark.parametrize("body", WELL_FORMED)
@pytest.mark.parametrize("size", [1, 3, 70_000])
def test_framing_is_followed_in_pieces_of_any_size(body: bytes, size: int) -> None:
    framing = PacketFraming(most_packets=10)

    for piece in cut(body, size):
        framing.feed(piece)
    framing.finish()

    assert framing.ends_well


MALFORMED = [
    b"",
    b"-001",
    b"zzzz",
    b" 00a",
    b"0x10",
    b"0002",
    b"0003",
    b"fff1" + b"x" * 0xFFF1,
    b"0010half",
    b"000",
    packet(b"want " + b"a" * 40 + b"\n"),
    packet(b"command=fetch") + b"0001",
    b"0000" + b"PACK",
    b"0000" + b"00",
]


@pytest.mark.parametrize("body", MALFORMED, ids=repr)
@pytest.mark.parametrize("size", [1, 100_000])
def test_what_is_not_pkt_lines_is_refused(body: bytes, size: int) -> None:
    with pytest.raises(MalformedBody):
        follow(cut(body, size))


def test_more_lines_than_the_limit_are_refused() -> None:
    framing = PacketFraming(most_packets=10)

    with pytest.raises(TooManyRefs):
        framing.feed(packet(b"have\n") * 11)


@pytest.mark.parametrize("empty", [b"0000", b"0001", b"0004"])
def test_lines_without_content_count_too(empty: bytes) -> None:
    framing = PacketFraming(most_packets=10_000)

    with pytest.raises(TooManyRefs):
        framing.feed(empty * (MOST_EMPTY_PACKETS + 1))
