"""What an uploaded file is and how it is called, whatever its sender says."""

import gzip
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.forge.content.uploads import clean_name
from matou.model.file_types import type_of
from matou.model.names import fault_of_segment


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "image/jpeg"),
        (b"GIF89a" + bytes(20), "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"BM\x46\0\0\0\0\0\0\0\x36", "image/bmp"),
        (b"%PDF-1.7\n\xe2\xe3", "application/pdf"),
        (zipped(), "application/zip"),
        (gzip.compress(b"log", mtime=0), "application/gzip"),
    ],
)
def test_a_type_is_told_by_the_bytes(content: bytes, media_type: str) -> None:
    found = type_of(content)

    assert found is not None
    assert (found.media_type, found.is_picture) == (media_type, media_type.startswith("image/"))


@pytest.mark.parametrize(
    "content",
    [
        b"plain",
        "中文".encode(),
        "中文".encode("gb18030"),
        "中文".encode("utf-16"),
        b"BMW is a car",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"#!/bin/sh\n\x1b[31mred\n",
    ],
)
def test_whatever_a_person_could_read_is_text_and_nothing_else(content: bytes) -> None:
    found = type_of(content)

    assert found is not None
    assert (found.media_type, found.is_picture) == ("text/plain; charset=utf-8", False)


@pytest.mark.parametrize(
    "content",
    [
        b"\x7fELF\x02\x01\x01" + bytes(9),
        b"MZ\x90\0\x03",
        b"\xca\xfe\xba\xbe\0\0\0\x34",
        b"\0",
        b"\xff\xfe\0",
        bytes(1000),
    ],
)
def test_programs_and_other_bytes_are_of_no_type(content: bytes) -> None:
    assert type_of(content) is None


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("test3.txt", "test3.txt"),
        ("需求 文档（终稿）.docx", "需求 文档（终稿）.docx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\图.png", "图.png"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ('q"<b>?.txt', "q__b__.txt"),
        (".htaccess", "htaccess"),
        ("--output=x", "output=x"),
        ("con.txt", "_con.txt_"),
        ("a.lock", "_a.lock_"),
        ("", "file"),
        ("..", "file"),
        ("/", "file"),
        ("e\u0301.txt", "é.txt"),
    ],
)
def test_a_name_keeps_what_a_name_can_have(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


def test_a_long_name_keeps_its_ending() -> None:
    cleaned = clean_name("长" * 100 + ".tar.gz")

    assert (len(cleaned.encode()) <= 120, cleaned.endswith("长.gz")) == (True, True)


@given(st.text(max_size=300))
def test_every_name_becomes_one_that_can_be_used_and_stays_so(name: str) -> None:
    cleaned = clean_name(name)

    assert fault_of_segment(cleaned) is None
    assert clean_name(cleaned) == cleaned
