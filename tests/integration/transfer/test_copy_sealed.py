"""A sealed copy: nothing of the archive is seen in it, and no change of it goes unnoticed."""

import errno
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest

from matou.credentials import Secret
from matou.errors import Damaged
from matou.transfer.copy import opening
from matou.transfer.copy.archive_files import ArchiveFiles
from matou.transfer.copy.catalogue import catalogue_key, decode_catalogue, encode_catalogue
from matou.transfer.copy.destination import PlainEnvelope, open_destination
from matou.transfer.copy.mark import CopyForm, CopyMark, write_mark
from matou.transfer.copy.opening import NotSealed, folder_site
from matou.transfer.copy.sealing import (
    HEAD_BYTES,
    PIECE_BYTES,
    TAG_BYTES,
    SealedEnvelope,
    TooShortPassphrase,
    WrongCopyPassphrase,
    new_mark,
    unsealed,
)
from matou.transfer.copy.source_files import SourceFile
from matou.transfer.copy.stored_copy import DamagedCopy
from support.copies import (
    NOW,
    PASSPHRASE,
    CutOffError,
    Team,
    copied,
    copy_to,
    copy_to_site,
    cutting,
    damage_of,
    files_below,
    problems_of,
    pull,
)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team.make(tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "sealed"


def test_of_a_sealed_copy_alone_the_archive_is_made_again(team: Team, root: Path, tmp_path: Path) -> None:
    copied(copy_to_site(team.archive, folder_site(root), encrypts=True))
    team.change("changed")
    copied(copy_to_site(team.archive, folder_site(root)))
    before = files_below(team.archive.root)
    shutil.rmtree(team.archive.root)

    copied(pull(folder_site(root), tmp_path / "again"))

    assert problems_of(tmp_path / "again") == []
    after = files_below(tmp_path / "again")
    assert {path: after[path] for path in before if path in after} == {
        path: before[path] for path in after if path in before
    }
    assert len(after) > 15


def test_nothing_of_the_archive_is_seen_in_it(team: Team, root: Path) -> None:
    copied(copy_to_site(team.archive, folder_site(root), encrypts=True))
    sealed = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    secrets = [b"harbour", b"ship", "码头".encode(), b"PACK", b"manifest", b"refs/heads", PASSPHRASE.encode()]
    assert len(sealed) > 15
    for name, content in sealed.items():
        assert [secret for secret in secrets if secret in content or secret in name.encode()] == []
        if name.startswith("data/"):
            assert content.startswith(b"matou sealed 1\n\0")


def test_another_passphrase_opens_nothing(team: Team, root: Path, tmp_path: Path) -> None:
    copied(copy_to_site(team.archive, folder_site(root), encrypts=True))

    with pytest.raises(WrongCopyPassphrase, match="does not open"):
        damage_of(folder_site(root), passphrase="another passphrase")


def test_a_passphrase_that_could_be_tried_out_is_refused() -> None:
    with pytest.raises(TooShortPassphrase):
        new_mark(Secret("1234567"), archive=UUID(int=7), now=NOW)


def flipped(content: bytes) -> bytes:
    return content[:-20] + bytes([content[-20] ^ 1]) + content[-19:]


@pytest.mark.parametrize(
    "change",
    [flipped, lambda b: b[:-1], lambda b: b + b"x", lambda b: b[:HEAD_BYTES], lambda b: b"", lambda b: b"x" + b[1:],
     lambda b: b[:20] + bytes([b[20] ^ 1]) + b[21:]],
)  # fmt: skip
def test_a_changed_object_is_damage_that_is_named(team: Team, root: Path, change: Callable[[bytes], bytes]) -> None:
    copied(copy_to_site(team.archive, folder_site(root), encrypts=True))
    path = sorted((root / "data").rglob("?" * 64))[3]
    path.chmod(0o644)
    path.write_bytes(change(path.read_bytes()))

    assert len(damage_of(folder_site(root))) == 1


def test_objects_that_were_exchanged_are_damage(team: Team, root: Path, tmp_path: Path) -> None:
    copied(copy_to_site(team.archive, folder_site(root), encrypts=True))
    by_size: dict[int, list[Path]] = {}
    for path in sorted((root / "data").rglob("?" * 64)):
        by_size.setdefault(path.stat().st_size, []).append(path)
    one, other = next(paths for paths in by_size.values() if len(paths) > 1)[:2]
    for path in (one, other):
        path.chmod(0o644)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)

    assert len(damage_of(folder_site(root))) == 2
    report = pull(folder_site(root), tmp_path / "out")
    assert len(report.damaged) == 2


def test_an_older_catalogue_under_a_newer_number_is_refused(team: Team, root: Path) -> None:
    copied(copy_to_site(team.archive, folder_site(root), encrypts=True))
    shutil.copy(root / catalogue_key(1), root / catalogue_key(2))

    with pytest.raises(Damaged):
        damage_of(folder_site(root))


ENVELOPE = SealedEnvelope(bytes(32))


def sealed(content: bytes, key: str = "key") -> bytes:
    return b"".join(ENVELOPE.seal(key, [content]))


def opened(content: bytes, key: str = "key") -> bytes:
    return b"".join(ENVELOPE.open(key, io.BytesIO(content)))


@pytest.mark.parametrize(
    "size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, 3 * PIECE_BYTES + 5]
)
def test_what_was_sealed_is_what_is_opened_and_has_the_size_that_is_told(size: int) -> None:
    content = (bytes(range(251)) * (size // 251 + 1))[:size]

    made = sealed(content)

    assert len(made) == ENVELOPE.sealed_size(size)
    assert opened(made) == content
    assert sealed(content) != made
    assert opened(b"".join(ENVELOPE.seal("key", (content[at : at + 7001] for at in range(0, size, 7001))))) == content


def test_pieces_cannot_be_exchanged_dropped_repeated_or_cut_off() -> None:
    content = sealed(bytes(3 * PIECE_BYTES))
    size = PIECE_BYTES + TAG_BYTES
    head, pieces = content[:HEAD_BYTES], [content[HEAD_BYTES + at * size :][:size] for at in range(3)]
    first, second, last = pieces

    for wrong in ([second, first, last], [first, last], [first, second], [first, first, last], [last], [],
                  [first, second, last, last], [first, second, last[:-1]], [first, second, last, b"x"]):  # fmt: skip
        with pytest.raises(Damaged):
            opened(b"".join((head, *wrong)))


def test_what_was_sealed_under_a_name_opens_under_no_other_name_and_no_other_key() -> None:
    with pytest.raises(Damaged):
        opened(sealed(b"content", key="one"), key="two")
    with pytest.raises(Damaged):
        list(SealedEnvelope(b"1" * 32).open("key", io.BytesIO(sealed(b"content"))))
    assert ENVELOPE.stored_key("a") != ENVELOPE.stored_key("b")
    assert ENVELOPE.stored_key("a") != SealedEnvelope(b"1" * 32).stored_key("a")


def test_a_mark_whose_archive_was_exchanged_is_not_opened() -> None:
    mark, _ = new_mark(Secret(PASSPHRASE), archive=UUID(int=7), now=NOW)
    assert mark.key is not None
    other = CopyMark(format=1, archive=UUID(int=8), created_at=NOW, form=mark.form, key=mark.key)

    assert unsealed(mark, mark.key, Secret(PASSPHRASE)).stored_key("x").startswith("data/")
    with pytest.raises(WrongCopyPassphrase):
        unsealed(other, mark.key, Secret(PASSPHRASE))


@pytest.mark.parametrize("leaves_mark", [True, False], ids=["another mark", "nothing"])
def test_who_gave_a_passphrase_sends_nothing_that_anybody_could_read(
    team: Team, root: Path, *, leaves_mark: bool
) -> None:
    """Whoever may write there takes the seal from the mark, or all away, and waits for the next copy."""
    copied(copy_to_site(team.archive, folder_site(root), encrypts=True))
    mark = json.loads((root / "copy/copy.json").read_bytes())
    shutil.rmtree(root)
    if leaves_mark:
        del mark["key"]
        (root / "copy").mkdir(parents=True)
        (root / "copy/copy.json").write_text(json.dumps(mark))

    with pytest.raises(NotSealed, match="is not encrypted"):
        copy_to_site(team.archive, folder_site(root), has_passphrase=True)

    assert {path.name for path in root.rglob("*") if path.is_file()} <= {"copy.json", "lock"}


def test_a_copy_that_is_still_sealed_goes_on_with_a_passphrase_that_was_given(team: Team, root: Path) -> None:
    copied(copy_to_site(team.archive, folder_site(root), encrypts=True, has_passphrase=True))
    copied(copy_to_site(team.archive, folder_site(root), has_passphrase=True))


def test_a_mark_cannot_exhaust_whoever_opens_it(team: Team, root: Path) -> None:
    copied(copy_to_site(team.archive, folder_site(root), encrypts=True))
    mark = root / "copy/copy.json"
    content = json.loads(mark.read_text())
    content["key"]["derivation"]["memory_kibibytes"] = 2**31
    mark.unlink()
    mark.write_text(json.dumps(content))

    with pytest.raises(Damaged):
        damage_of(folder_site(root))


def test_wherever_it_is_cut_off_the_last_copy_can_be_read(
    team: Team, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(copy_to_site(team.archive, folder_site(root), encrypts=True))
    team.change("changed")
    point, finished = 0, False
    while not finished:
        with cutting(monkeypatch, point), suppress(CutOffError):
            copied(copy_to_site(team.archive, opening.folder_site(root)))
            finished = True
        assert damage_of(folder_site(root)) == []
        point += 3
    assert point > 3


def test_a_copy_that_was_tampered_with_arms_no_repository(team: Team, root: Path, tmp_path: Path) -> None:
    """In a copy that is not sealed anybody who can write there can give everything its right digest."""
    site = folder_site(root)
    mark = CopyMark(format=1, archive=team.archive.identity.id, created_at=NOW, form=CopyForm.OBJECTS)
    write_mark(site.store, mark)
    copied(copy_to(open_destination(site.store, PlainEnvelope(), mark, trusts_present=True), team.archive))
    catalogue = decode_catalogue((root / catalogue_key(1)).read_bytes(), name="")
    config = b"[core]\n\tfsmonitor = touch pwned\n"
    path = next(path for path in catalogue.files if path.endswith("ship.git/config"))
    digest = hashlib.sha256(config).hexdigest()
    (root / "evil").write_bytes(config)
    file = catalogue.files[path]
    files = {**catalogue.files, path: type(file)(path=path, size=len(config), sha256=digest, key="evil")}
    (root / catalogue_key(1)).unlink()
    (root / catalogue_key(1)).write_bytes(encode_catalogue(type(catalogue)(catalogue.head, files)))

    report = pull(site, tmp_path / "out")

    assert [type(problem.detail) for problem in report.damaged] == [DamagedCopy]
    assert not (tmp_path / "out" / path).exists()


def test_what_ends_with_a_manifest_that_cannot_be_read_is_the_copy_of_before(
    team: Team, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot_be_read(_: ArchiveFiles) -> Iterator[SourceFile]:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    copied(copy_to_site(team.archive, folder_site(root), encrypts=True))
    team.change("changed")
    with monkeypatch.context() as patched:
        patched.setattr(ArchiveFiles, "_published", cannot_be_read)
        report = copy_to_site(team.archive, folder_site(root))

    assert [problem.path for problem in report.failed] == [str(team.archive.root)]
    copied(pull(folder_site(root), tmp_path / "again"))
    assert problems_of(tmp_path / "again") == []
