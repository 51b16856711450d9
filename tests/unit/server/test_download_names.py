"""Under which name a browser is told to store what it downloads: no path, and one that reads as it is spelled."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.server.api.streaming import attachment


def name_of(value: bytes) -> str:
    """What a browser takes where both forms are there (RFC 6266, 4.3)."""
    plain, _, encoded = value.decode("ascii").partition("; filename*=UTF-8''")
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]*"', plain)
    return unquote(encoded, errors="strict")


@pytest.mark.parametrize(
    ("file_name", "stored"),
    [
        ("ferry.zip", "ferry.zip"),
        ("港口 1.zip", "港口 1.zip"),
        ('a";x=.txt', 'a";x=.txt'),
        ("a\r\nX-A: b", "a__X-A: b"),
        ("../../.bashrc", ".._.._.bashrc"),
        ("..\\x.dll", ".._x.dll"),
        ("photo\u202egnp.exe", "photo_gnp.exe"),
        ("caf\udce9.bin", "caf_.bin"),
    ],
)
def test_a_name_is_stored_as_it_reads(file_name: str, stored: str) -> None:
    assert name_of(attachment(file_name)[1]) == stored


@given(st.text())
def test_whatever_it_is_the_header_is_one_line_of_ascii(file_name: str) -> None:
    name, value = attachment(file_name)

    assert name == b"content-disposition"
    assert value.decode("ascii").isprintable()
    assert not {"/", "\\"} & set(name_of(value))
