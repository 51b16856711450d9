"""pkt-lines: what is written is what is read, and nothing else is read."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.git.wire.pktline import CutShort, MalformedPacket, Marker, Packet, PacketReader, decode, encode

PACKETS = st.lists(st.one_of(st.binary(max_size=300), st.sampled_from(Marker)))
NOT_PACKETS = (
    b"-001",
    b"zzzz",
    b"0003",
    b" 005a",
    b"+005a",
    b"0x1a",
    b"fff1",
    b"ffff",
    b"00_5a",
    b"<!DOCTYPE html>",
    b"00",
)


def as_bytes(packets: list[Packet]) -> bytes:
    return b"".join(packet.value if isinstance(packet, Marker) else encode(packet) for packet in packets)


def read_all(content: bytes, *, block: int) -> list[Packet]:
    stream = io.BytesIO(content)
    reader = PacketReader(lambda _: stream.read(block))
    return list(iter(reader.packet, None))


@given(PACKETS)
def test_what_is_encoded_is_decoded(packets: list[Packet]) -> None:
    assert list(decode(as_bytes(packets))) == packets


@given(PACKETS, st.integers(1, 40))
def test_a_stream_gives_the_same_packets_however_it_is_cut_into_blocks(packets: list[Packet], block: int) -> None:
    assert read_all(as_bytes(packets), block=block) == packets


@pytest.mark.parametrize("content", NOT_PACKETS)
def test_what_is_no_packet_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedPacket):
        list(decode(content))


@pytest.mark.parametrize("content", [content for content in NOT_PACKETS if len(content) >= 4])
def test_what_is_no_packet_is_refused_in_a_stream(content: bytes) -> None:
    with pytest.raises(MalformedPacket):
        read_all(content, block=64)


@pytest.mark.parametrize("content", [b"0", b"000", b"0005", b"000aabc"])
def test_a_stream_that_ends_within_a_packet_is_cut_short(content: bytes) -> None:
    with pytest.raises(CutShort):
        read_all(content, block=64)


def test_a_body_that_ends_within_a_packet_is_malformed() -> None:
    with pytest.raises(MalformedPacket):
        list(decode(b"000aabc"))


def test_the_longest_packet_is_git_s_own() -> None:
    assert list(decode(encode(b"x" * 65_516))) == [b"x" * 65_516]
    with pytest.raises(ValueError, match="do not fit"):
        encode(b"x" * 65_517)


@given(st.binary(max_size=200))
def test_any_bytes_are_packets_or_malformed(content: bytes) -> None:
    try:
        packets = list(decode(content))
    except MalformedPacket:
        return
    assert as_bytes(packets).lower() == content.lower()
