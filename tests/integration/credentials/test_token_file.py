"""The file of tokens: nobody else reads it, damage is told from a wrong passphrase, and no crash leaves half of it."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from matou.credentials import Secret
from matou.credentials.file import TokenFile, TokenFileDamaged, TooNew, WrongPassphrase
from matou.credentials.private_files import NotWritten, write_private
from matou.credentials.store import SecretKind, SecretName

TOKEN = Secret("f00d" * 10)


def name_of(user: str = "li") -> SecretName:
    return SecretName("https://git.example", user, SecretKind.TOKEN)


def opened(path: Path, passphrase: str = "open sesame") -> TokenFile:
    return TokenFile(path, lambda: Secret(passphrase))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written once: making a key of a passphrase is slow, and is meant to be."""
    path = tmp_path_factory.mktemp("made") / "tokens.matou"
    opened(path).put(name_of(), TOKEN)
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    path = tmp_path / "matou" / "tokens.matou"
    write_private(path, made.read_bytes())
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_may_read_the_file_or_its_folder_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        opened(tmp_path / "matou" / "tokens.matou").put(name_of(), TOKEN)
    finally:
        os.umask(before)

    assert mode(tmp_path / "matou") == 0o700
    assert {mode(file) for file in (tmp_path / "matou").iterdir()} == {0o600}


def test_neither_a_token_nor_a_host_nor_the_passphrase_stands_in_clear(path: Path) -> None:
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())

    assert [word for word in (b"f00d", b"git.example", b"sesame") if word in content] == []


def test_the_same_tokens_are_never_sealed_alike(path: Path) -> None:
    before = path.read_bytes()

    opened(path).put(name_of(), TOKEN)

    assert set(before.split(b"\n")[2:4]).isdisjoint(path.read_bytes().split(b"\n"))


def test_a_wrong_passphrase_is_told_as_such_and_changes_nothing(path: Path) -> None:
    before = path.read_bytes()

    with pytest.raises(WrongPassphrase):
        opened(path, "open barley").get(name_of())
    with pytest.raises(WrongPassphrase):
        opened(path, "open barley").put(name_of("wang"), TOKEN)

    assert path.read_bytes() == before


@pytest.mark.parametrize("part", range(24))
def test_damage_anywhere_is_told_as_damage(path: Path, part: int) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) * part // 24] ^= 1
    path.write_bytes(content)

    with pytest.raises((TokenFileDamaged, TooNew)):
        opened(path).get(name_of())


@pytest.mark.parametrize("kept", [0, 1, 20, 200, -1])
def test_a_file_that_was_cut_off_is_damaged(path: Path, kept: int) -> None:
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(TokenFileDamaged):
        opened(path).get(name_of())


def test_a_file_of_a_later_version_is_not_taken_for_damage(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"matou tokens 1", b"matou tokens 2", 1))

    with pytest.raises(TooNew):
        opened(path).get(name_of())


def test_a_file_cannot_demand_more_memory_than_there_is(path: Path) -> None:
    lines = path.read_bytes().replace(b'"memory_kibibytes":65536', b'"memory_kibibytes":99999999').split(b"\n")
    signed = b"\n".join(lines[:3]) + b"\n"
    path.write_bytes(signed + sha256(signed).hexdigest().encode() + b"\n")

    with pytest.raises(TokenFileDamaged):
        opened(path).get(name_of())


def test_many_writers_lose_nothing_of_one_another(path: Path) -> None:
    users = [f"user-{number}" for number in range(5)]

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda user: opened(path).put(name_of(user), Secret(user)), users))

    assert [opened(path).get(name_of(user)) for user in users] == [Secret(user) for user in users]


def test_the_passphrase_is_asked_for_once_and_only_when_needed(path: Path) -> None:
    answers = iter([Secret("open sesame")])
    file = TokenFile(path, lambda: next(answers))

    file.get(SecretName("https://git.example", "li", SecretKind.PASSWORD))
    file.get(name_of())
    file.put(name_of(), TOKEN)

    assert list(answers) == []


@pytest.mark.parametrize("is_erased", [False, True])
def test_others_do_not_wait_while_a_person_is_asked_for_the_passphrase(path: Path, is_erased: bool) -> None:
    def answer() -> Secret:
        ThreadPoolExecutor(1).submit(opened(path).put, name_of("wang"), Secret("theirs")).result(timeout=5)
        return Secret("open sesame")

    file = TokenFile(path, answer)
    if is_erased:
        file.erase(name_of())
    else:
        file.put(name_of(), Secret("mine"))

    assert opened(path).get(name_of("wang")) == Secret("theirs")
    assert opened(path).get(name_of()) == (None if is_erased else Secret("mine"))


def test_a_write_that_fails_leaves_what_was_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(NotWritten, match="No space left"):
        write_private(path, b"half")

    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir() if "partial" in file.name] == []
