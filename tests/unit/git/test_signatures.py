"""Whose key signed these bytes: nothing but that key, alive, makes the verdict good."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pysequoia
import pytest
from pysequoia import Cert, SignatureMode, Tsk
from pysequoia.packet import PacketPile, Tag

from matou.git.operations.signatures import SignatureVerdict, UnusableKey, merged, read_certificate, verify_signature
from support.signing import Gpg, new_key

CONTENT = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
NOW = datetime.now(UTC)
SPRING, NEXT_YEAR = datetime(2024, 3, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)


def test_only_the_same_bytes_and_the_same_key_are_good() -> None:
    key, other = new_key("li@example.com"), new_key("li@example.com")
    signature = key.sign(CONTENT)

    assert verify_signature(CONTENT, signature, [other.public, key.public], now=NOW) is SignatureVerdict.GOOD
    assert verify_signature(CONTENT + b" ", signature, [key.public], now=NOW) is SignatureVerdict.BY_ANOTHER_KEY
    assert verify_signature(CONTENT, signature, [other.public], now=NOW) is SignatureVerdict.BY_ANOTHER_KEY
    assert verify_signature(CONTENT, signature, [], now=NOW) is SignatureVerdict.BY_ANOTHER_KEY


def test_a_key_that_has_expired_by_now_vouches_for_nothing() -> None:
    secret = new_key("li@example.com").secret
    mortal = secret.extract_certificate().set_expiration(NOW + timedelta(days=10), secret.certifier())
    signature = new_key_signature(secret)

    assert verify_signature(CONTENT, signature, [str(mortal)], now=NOW) is SignatureVerdict.GOOD
    assert verify_signature(CONTENT, signature, [str(mortal)], now=NOW + timedelta(days=11)) is SignatureVerdict.EXPIRED


def test_a_revoked_key_vouches_for_nothing() -> None:
    key = new_key("li@example.com")
    signature = key.sign(CONTENT)

    assert verify_signature(CONTENT, signature, [key.revoked()], now=NOW) is SignatureVerdict.REVOKED


def test_what_was_revoked_stays_so_whatever_is_merged_into_it() -> None:
    key = new_key("li@example.com")

    assert merged(key.revoked(), key.public).is_revoked
    assert merged(key.public, key.revoked()).is_revoked
    with pytest.raises(UnusableKey):
        merged(key.public, new_key("li@example.com").public)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"Good signature from li@example.com",
        b"-----BEGIN PGP SIGNATURE-----\nGood signature\n-----END PGP SIGNATURE-----\n",
        b"-----BEGIN SSH SIGNATURE-----\nabc\n-----END SSH SIGNATURE-----\n",
        b"-----BEGIN PGP SIGNATURE-----\n" + b"A" * 100_000,
    ],
)
def test_a_text_that_looks_like_a_signature_is_none(signature: bytes) -> None:
    assert verify_signature(CONTENT, signature, [new_key("a@b.cn").public], now=NOW) is SignatureVerdict.NOT_OPENPGP


def test_a_signature_that_holds_its_own_content_says_nothing_of_ours() -> None:
    key = new_key("li@example.com")
    inline = pysequoia.sign(key.secret.signer(), CONTENT, mode=SignatureMode.INLINE)

    assert verify_signature(CONTENT, inline, [key.public], now=NOW) is SignatureVerdict.NOT_OPENPGP


def test_a_text_before_a_signature_is_not_passed_over() -> None:
    key = new_key("li@example.com")

    said = b"gpg: Good signature\n" + key.sign(CONTENT)
    assert verify_signature(CONTENT, said, [key.public], now=NOW) is SignatureVerdict.NOT_OPENPGP


@pytest.fixture
def gpg(tmp_path: Path) -> Iterator[Gpg]:
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    made = Gpg(tmp_path / "gnupg", "li@example.com")
    yield made
    made.close()


def test_a_subkey_that_has_expired_by_now_vouches_for_nothing(gpg: Gpg) -> None:
    signature, public = gpg.sign(CONTENT), gpg.public

    assert read_certificate(public).expires_at is None
    assert verify_signature(CONTENT, signature, [public], now=SPRING) is SignatureVerdict.GOOD
    assert verify_signature(CONTENT, signature, [public], now=NEXT_YEAR) is SignatureVerdict.EXPIRED


def test_a_subkey_that_was_retired_vouches_for_nothing_whenever_it_signed(gpg: Gpg) -> None:
    signature = gpg.sign(CONTENT)
    gpg.retire_subkey()

    assert verify_signature(CONTENT, signature, [gpg.public], now=SPRING) is SignatureVerdict.REVOKED


def test_a_key_that_was_retired_vouches_for_nothing_whenever_it_signed(gpg: Gpg) -> None:
    signature = gpg.sign(CONTENT)
    gpg.retire()

    assert read_certificate(gpg.public).is_revoked
    assert verify_signature(CONTENT, signature, [gpg.public], now=SPRING) is SignatureVerdict.REVOKED


def test_a_signature_that_is_blind_to_line_ends_is_not_over_these_bytes(gpg: Gpg) -> None:
    signature = gpg.sign(CONTENT, "--textmode")

    assert verify_signature(CONTENT, signature, [gpg.public], now=SPRING) is SignatureVerdict.NOT_OPENPGP


def test_names_that_the_key_does_not_vouch_for_are_not_its_names() -> None:
    mine, theirs = new_key("li@example.com"), new_key("han@example.com")
    stolen = [packet for packet in packets_of(mine.public) if packet.tag == Tag.UserID]
    forged = Cert.from_packets([*packets_of(theirs.public), *stolen])

    assert read_certificate(str(forged)).emails == ("han@example.com",)


@pytest.mark.parametrize(
    ("name", "emails"),
    [
        ("Li Lei <li@example.com>", ("li@example.com",)),
        ("li@example.com", ("li@example.com",)),
        ("李雷 (work) <Li@Example.com>", ("Li@Example.com",)),
        ("just a name", ()),
        ("evil@example.com <li@example.com>", ("li@example.com",)),
    ],
)
def test_the_email_of_a_name_is_what_stands_in_its_brackets(name: str, emails: tuple[str, ...]) -> None:
    assert read_certificate(str(Tsk.generate(name).extract_certificate())).emails == emails


def test_what_is_no_single_public_key_is_not_taken() -> None:
    key = new_key("li@example.com")
    two = str(pysequoia.armor(packet_bytes(key.public) + packet_bytes(new_key("a@b.cn").public), public_block()))
    secret = str(pysequoia.armor(bytes(key.secret), public_block()))

    for text, reason in (
        ("", "no public"),
        ("hello", "no public"),
        (str(key.secret), "no public"),
        (two, "2 keys"),
        (secret, "private key"),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----", "can be read"),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----" + "A" * 300_000, "at most"),
        ("\ud800", "no public"),
    ):
        with pytest.raises(UnusableKey, match=reason):
            read_certificate(text)


def new_key_signature(secret: Tsk) -> bytes:
    return pysequoia.sign(secret.signer(), CONTENT, mode=SignatureMode.DETACHED)


def packets_of(public: str) -> list[pysequoia.packet.Packet]:
    return list(PacketPile.from_bytes(public.encode()))


def packet_bytes(public: str) -> bytes:
    return bytes(Cert.from_bytes(public.encode()))


def public_block() -> pysequoia.ArmorKind:
    return pysequoia.ArmorKind.PublicKey
