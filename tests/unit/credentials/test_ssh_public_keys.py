"""Which public keys of SSH are taken, and that nothing of what was given is repeated."""

import os
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from matou.credentials.ssh_public_keys import UnusableSshKey, read_ssh_public_key
from support.ssh_keys import new_ssh_key


def packed(*parts: bytes) -> str:
    return b64encode(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).decode()


SECURITY_KEY = "sk-ssh-ed25519@openssh.com " + packed(b"sk-ssh-ed25519@openssh.com", bytes(range(32)), b"ssh:")


@pytest.mark.parametrize(
    "line",
    [new_ssh_key("ed25519").public, new_ssh_key("ecdsa").public, SECURITY_KEY],
    ids=["ed25519", "ecdsa", "security key"],
)
def test_a_key_is_read_as_it_stands(line: str) -> None:
    key = read_ssh_public_key(line + "\n")

    assert key.line == line
    assert key.bits is None
    assert not key.is_short


def test_the_fingerprint_is_the_one_that_ssh_keygen_shows(tmp_path: Path) -> None:
    pair = new_ssh_key()
    file = pair.write(tmp_path)

    shown = subprocess.run(["ssh-keygen", "-lf", file], capture_output=True, text=True, check=True).stdout

    assert read_ssh_public_key(pair.public).fingerprint == shown.split()[1]


def test_rsa_has_2048_bits_at_least_and_is_short_below_3072() -> None:
    assert not read_ssh_public_key(new_ssh_key("rsa").public).is_short
    assert read_ssh_public_key(new_ssh_key("rsa", bits=2048).public).is_short
    with pytest.raises(UnusableSshKey, match="2048 to 16384 bits, and this one 1024"):
        read_ssh_public_key(new_ssh_key("rsa", bits=1024).public)


GOOD = new_ssh_key().public
WORDS = GOOD.split()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "one public key"),
        ("hello", "one public key"),
        (f"{GOOD}\n{GOOD}", "one public key"),
        (f"{GOOD}{'x' * 9000}", "one public key"),
        (f'command="id" {GOOD}', "known here"),
        (f"ssh-dss {WORDS[1]}", "DSA"),
        (f"ssh-ed25519-cert-v01@openssh.com {WORDS[1]}", "certificate"),
        (f"ssh-rsa {WORDS[1]}", "damaged"),
        (f"ssh-ed25519 {WORDS[1][:-8]}", "damaged"),
        (f"ssh-ed25519 {WORDS[1]}AAAA", "damaged"),
        ("ssh-ed25519 !!!!", "damaged"),
        ("ssh-ed25519 " + packed(b"ssh-ed25519", os.urandom(31)), "damaged"),
    ],
    ids=range(12),
)
def test_what_is_no_key_is_refused(text: str, why: str) -> None:
    with pytest.raises(UnusableSshKey, match=why) as refused:
        read_ssh_public_key(text)

    assert WORDS[1] not in str(refused.value)


def test_a_private_key_is_not_repeated() -> None:
    private = new_ssh_key().private.decode()

    with pytest.raises(UnusableSshKey, match="private key") as refused:
        read_ssh_public_key(private)

    assert private.splitlines()[1] not in str(refused.value)
