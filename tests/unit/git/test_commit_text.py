"""What a commit's text says, however it is written."""

import pytest

from matou.git.odb.commit_text import read_commit_text

HEADERS = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@example.com> 1 +0000\n"
COMMITTER = b"committer Li Lei <li@example.com> 1 +0000\n"
SIGNATURE = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n"
OTHER = b"gpgsig-sha256 -----BEGIN PGP SIGNATURE-----\n \n def\n -----END PGP SIGNATURE-----\n"
SIGNED = b"-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"


def test_what_was_signed_is_the_text_without_the_signature() -> None:
    text = read_commit_text(HEADERS + COMMITTER + SIGNATURE + b"\na message\n\nwith a body\n")

    assert text.signatures == (SIGNED,)
    assert text.signed == HEADERS + COMMITTER + b"\na message\n\nwith a body\n"
    assert text.message == "a message\n\nwith a body"
    assert text.committer_email == "li@example.com"


def test_a_signature_for_the_other_hash_is_neither_signed_nor_a_signature() -> None:
    content = HEADERS + COMMITTER + SIGNATURE + OTHER + b"\nm\n"

    assert read_commit_text(content).signatures == (SIGNED,)
    assert read_commit_text(content, digits=64).signatures == (SIGNED.replace(b"abc", b"def"),)
    assert read_commit_text(content).signed == read_commit_text(content, digits=64).signed


@pytest.mark.parametrize("second", [SIGNATURE, SIGNATURE.replace(b"gpgsig ", b"gpgsig-sha512 ")])
def test_a_second_signature_of_any_name_is_seen(second: bytes) -> None:
    assert len(read_commit_text(HEADERS + COMMITTER + SIGNATURE + second + b"\nm\n").signatures) == 2


def test_a_signature_in_the_message_or_in_another_header_is_none() -> None:
    merged = b"mergetag object abc\n" + b"".join(b" " + line + b"\n" for line in SIGNATURE.splitlines())

    text = read_commit_text(HEADERS + COMMITTER + merged + b"\nmessage\n" + SIGNATURE)

    assert text.signatures == ()
    assert text.signed.count(b"gpgsig") == 2


@pytest.mark.parametrize(
    "committers",
    [b"", COMMITTER + COMMITTER, b"committer Li Lei 1 +0000\n", b"committer <a@b> <li@example.com> 1 +0000\n"],
)
def test_a_committer_who_cannot_be_made_out_is_nobody(committers: bytes) -> None:
    assert read_commit_text(HEADERS + committers + b"\nm\n").committer_email == ""


@pytest.mark.parametrize(("header", "codec"), [("GBK", "gbk"), ("gb18030", "gb18030"), ("ISO8859-1", "latin-1")])
def test_a_message_is_read_in_its_encoding(header: str, codec: str) -> None:
    said = "修复" if codec.startswith("gb") else "é"

    text = read_commit_text(HEADERS + COMMITTER + f"encoding {header}\n\n".encode() + said.encode(codec))

    assert text.message == said


def test_bytes_that_are_no_text_do_not_stop_it() -> None:
    assert read_commit_text(HEADERS + COMMITTER + b"encoding punycode\n\n\xff\xfe").message == "\ufffd\ufffd"
    assert read_commit_text(b"").signatures == ()
