"""An archive with something of everything, copies of it, and trouble on the way to them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from matou.archive.layout import Archive
from matou.storage.trees import TreeStore
from matou.transfer.copy import folders
from matou.transfer.copy.archive_files import files_of
from matou.transfer.copy.command import CopyOptions, copy_files
from matou.transfer.copy.destination import Destination
from matou.transfer.copy.report import CopyProblem, CopyReport
from matou.transfer.verify.command import verify
from support.scripted_source import ScriptedSource, back_up, commit, git, open_archive

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


def copy_to(destination: Destination, archive: Archive, *, jobs: int = 1, **options: bool) -> CopyReport:
    with files_of(archive, has_own_database=True) as files:
        return copy_files(
            lambda report: files(lambda path, fault: report.damaged.append(CopyProblem(path, fault))),
            destination,
            CopyOptions(jobs=jobs, **options),
            now=NOW,
            progress=lambda *_: None,
        )


def copy_to_folder(archive: Archive, root: Path, **options: bool) -> CopyReport:
    with folders.open_folder(root, archive=archive.identity.id, now=NOW, dry_run=options.get("dry_run", False)) as at:
        return copy_to(at, archive, **options)


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
        patched.setattr(folders, "folder_store", lambda root: CuttingStore(root, cut))
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
