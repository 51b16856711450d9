"""An archive with something of everything, copies of it, and trouble on the way to them."""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from matou.archive.layout import Archive
from matou.credentials import Secret
from matou.storage.trees import TreeStore
from matou.transfer.copy import opening
from matou.transfer.copy.archive_files import files_of
from matou.transfer.copy.check import check_copy
from matou.transfer.copy.command import CopyOptions, copy_files
from matou.transfer.copy.destination import Destination, read_catalogue
from matou.transfer.copy.opening import AskPassphrase, OpenOptions, Site
from matou.transfer.copy.report import CopyProblem, CopyReport
from matou.transfer.copy.stored_copy import StoredCopy
from matou.transfer.verify.command import verify
from support.scripted_source import ScriptedSource, back_up, commit, git, open_archive

PASSPHRASE = "five words that nobody guesses"

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


class CutOffError(Exception):
    """Stands for the kill of the process."""


@dataclass
class Team:
    """A source with two repositories, and the archive that it is backed up into."""

    source: ScriptedSource
    archive: Archive

    @classmethod
    def make(cls, folder: Path) -> "Team":
        source = ScriptedSource(folder / "source")
        project = source.project("harbour")
        for name in ("ship", "码头"):
            commit(source.repository(name, project), "refs/heads/main", {"README.md": name})
        commit(source.git_dir("100"), "refs/heads/lfs", {"large": source.keep_lfs(b"large content" * 100)})
        team = cls(source, open_archive(folder / "archive"))
        team.back_up()
        return team

    def back_up(self) -> None:
        back_up(self.source, self.archive)

    def change(self, text: str) -> None:
        """Somebody rewrites what is at the source, and it is backed up again."""
        git_dir = self.source.git_dir("100")
        git(git_dir, "update-ref", "-d", "refs/heads/main")
        commit(git_dir, "refs/heads/main", {"README.md": text})
        self.source.change("100", last_push_at=datetime.now(UTC))
        self.back_up()

    def mirrors(self) -> list[Path]:
        return sorted((self.archive.root / "repositories").rglob("*.git"))


def copied(source: CopyReport) -> CopyReport:
    assert (source.damaged, source.failed) == ([], [])
    return source


def copy_to(
    destination: Destination, archive: Archive, *, jobs: int = 1, percent: float = 0.0, **options: bool
) -> CopyReport:
    with files_of(archive, has_own_database=True) as files:
        return copy_files(
            lambda report: files(lambda path, fault: report.damaged.append(CopyProblem(path, fault))),
            destination,
            CopyOptions(jobs=jobs, percent=percent, **options),
            now=NOW,
            progress=lambda *_: None,
        )


def copy_to_folder(archive: Archive, root: Path, *, percent: float = 0.0, **options: bool) -> CopyReport:
    opened = OpenOptions(archive.identity.id, **options)
    with opening.open_copy(opening.folder_site(root), opened, passphrase=no_passphrase, now=NOW) as at:
        return copy_to(at, archive, percent=percent, **options)


def known(passphrase: str = PASSPHRASE) -> AskPassphrase:
    def ask(*, is_new: bool) -> Secret:
        return Secret(passphrase)

    return ask


def copy_to_site(
    archive: Archive,
    site: Site,
    *,
    encrypts: bool = False,
    has_passphrase: bool = False,
    percent: float = 0.0,
    **options: bool,
) -> CopyReport:
    opened = OpenOptions(archive.identity.id, encrypts=encrypts, has_passphrase=has_passphrase, **options)
    with opening.open_copy(site, opened, passphrase=known(), now=NOW) as destination:
        return copy_to(destination, archive, percent=percent, **options)


def pull(site: Site, root: Path, *, passphrase: str = PASSPHRASE, at: int | None = None) -> CopyReport:
    """Make an archive of a copy, as on another machine."""
    stored = opening.open_existing(site, passphrase=known(passphrase))
    catalogue = stored.catalogue if at is None else read_catalogue(stored, at)
    assert catalogue is not None
    copied = StoredCopy(stored, catalogue)
    opened = OpenOptions(stored.mark.archive)
    with opening.open_copy(opening.folder_site(root), opened, passphrase=no_passphrase, now=NOW) as destination:
        return copy_files(lambda _: copied, destination, CopyOptions(jobs=2), now=NOW, progress=lambda *_: None)


def damage_of(site: Site, *, percent: float = 100, passphrase: str = PASSPHRASE) -> list[str]:
    """The paths of what a check has against a copy."""
    stored = opening.open_existing(site, passphrase=known(passphrase))
    assert stored.catalogue is not None
    chance = random.Random(1)
    report = check_copy(stored, stored.catalogue, percent=percent, jobs=2, progress=lambda *_: None, chance=chance)
    return sorted(problem.path for problem in report.problems)


def no_passphrase(*, is_new: bool) -> Secret:
    raise AssertionError


@dataclass
class CutOff:
    """Lets so many writes through, and no more."""

    left: int
    written: list[str] = field(default_factory=list)

    def count(self, key: str) -> None:
        if self.left <= 0:
            raise CutOffError
        self.left -= 1
        self.written.append(key)


class CuttingStore(TreeStore):
    """A store in a folder of which somebody pulls the plug."""

    def __init__(self, root: Path, cut: CutOff) -> None:
        super().__init__(root, staging=root / "staging")
        self.cut = cut

    def put_soon(self, key: str, source: BinaryIO | Iterable[bytes], *, mode: int = 0o444) -> int:
        self.cut.count(key)
        return super().put_soon(key, source, mode=mode)

    def create(self, key: str, data: bytes) -> None:
        self.cut.count(key)
        super().create(key, data)

    def delete(self, key: str) -> None:
        self.cut.count(key)
        super().delete(key)


@contextmanager
def cutting(monkeypatch, after: int) -> Iterator[CutOff]:  # type: ignore[no-untyped-def]
    """Every folder that is opened meanwhile is cut off after so many writes in all."""
    cut = CutOff(after)
    with monkeypatch.context() as patched:
        patched.setattr(opening, "folder_site", lambda root: Site(CuttingStore(root, cut), str(root), root))
        yield cut


def files_below(root: Path) -> dict[str, bytes]:
    """All of a folder, but for what tells of the copying itself, of who is at it, and of what was verified."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).parts[0] not in ("copy", "staging", "lock", "verified.json")
    }


def problems_of(root: Path) -> list[str]:
    """What `matou verify --all` has against an archive."""
    report = verify(Archive.open(root), everything=True, jobs=2, now=NOW)
    return [f"{problem.path}: {problem.detail}" for problem in report.problems]
