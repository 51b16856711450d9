"""Snapshots and LFS lists read back as what they were written from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.archive.snapshots import MalformedText, lfs_list_text, parse_lfs_list, parse_snapshot
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

OBJECT_IDS = st.text("0123456789abcdef", min_size=40, max_size=40).map(ObjectId)
REF_NAMES = st.binary(min_size=1, max_size=20).map(
    lambda raw: RefName("refs/heads/" + raw.replace(b"\n", b"").replace(b" ", b"").decode("utf-8", "surrogateescape"))
)
A = "a" * 40


@given(
    st.dictionaries(REF_NAMES, OBJECT_IDS, max_size=8),
    st.one_of(st.none(), REF_NAMES),
    st.one_of(st.none(), OBJECT_IDS),
)
def test_a_snapshot_reads_as_the_refs_it_was_written_from(
    refs: dict[RefName, ObjectId], head: RefName | None, detached_head: ObjectId | None
) -> None:
    listing = RefListing(refs, head=head, detached_head=None if head else detached_head)

    assert parse_snapshot(listing.text) == listing


@pytest.mark.parametrize(
    "text",
    [
        f"{A} refs/heads/a",
        f"{A}\n",
        f"{A} \n",
        f"{A[1:]} refs/heads/a\n",
        f"{A.upper()} refs/heads/a\n",
        f"{A} refs/heads/a\n{A} refs/heads/a\n",
        f"{A} refs/heads/a\n{A} HEAD\n",
        "\n",
        "\0" * 80 + "\n",
    ],
)
def test_a_text_that_is_no_snapshot_is_damage(text: str) -> None:
    with pytest.raises(MalformedText):
        parse_snapshot(text.encode())


def test_an_lfs_list_is_sorted_and_reads_as_it_was_written() -> None:
    sizes_bytes = {"f" * 64: 3, "0" * 64: 2**40}

    text = lfs_list_text(sizes_bytes)

    assert text == f"{'0' * 64} {2**40}\n{'f' * 64} 3\n".encode()
    assert parse_lfs_list(text) == sizes_bytes


@pytest.mark.parametrize("text", ["0" * 64 + " 1", "0" * 64 + " -1\n", "0" * 63 + " 1\n", "0" * 40 + " 1\n", "x\n"])
def test_a_text_that_is_no_lfs_list_is_damage(text: str) -> None:
    with pytest.raises(MalformedText):
        parse_lfs_list(text.encode())
