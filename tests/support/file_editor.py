"""Somebody who writes files without a push, and plain git to look at what they did."""

from dataclasses import dataclass
from pathlib import Path

from matou.db.repositories import Repository
from matou.forge.access import Identity
from matou.forge.content.file_changes import CommitResult, FileChange
from matou.forge.forge import Forge
from matou.git.odb.objects import TreePath
from matou.model.names import ObjectId, object_id
from support.deciding import create_file, delete_file, update_file
from support.git_repositories import git, refs_of

NOTHING_YET = object_id("0" * 40)


@dataclass(frozen=True)
class Editor:
    """Somebody who may write to a repository."""

    forge: Forge
    repository: Repository
    identity: Identity

    @property
    def git_dir(self) -> Path:
        return self.forge.git_dir(self.repository)


class FileEditor(Editor):
    """Writes files, and has plain git to look at what became of them."""

    def create(self, path: str, content: bytes = b"new\n", **words: object) -> CommitResult:
        return create_file(self.forge, self.identity, self.repository, file_change(path, **words), content)

    def update(self, path: str, content: bytes, seen: str | None, **words: object) -> CommitResult:
        known = None if seen is None else object_id(seen)
        return update_file(self.forge, self.identity, self.repository, file_change(path, **words), content, seen=known)

    def delete(self, path: str, seen: str, **words: object) -> CommitResult:
        return delete_file(self.forge, self.identity, self.repository, file_change(path, **words), seen=object_id(seen))

    def git(self, *words: str) -> str:
        return git(self.git_dir, *words)

    def files(self, revision: str = "main") -> dict[str, str]:
        """Mode and object id by path."""
        lines = self.git("ls-tree", "-r", "-z", revision).split("\0")
        return {path: f"{mode} {oid}" for mode, _, oid, path in (split(line) for line in lines if line)}

    def blob(self, path: str, revision: str = "main") -> ObjectId:
        return object_id(self.files(revision)[path].split()[1])

    def everything(self) -> tuple[dict[str, str], list[Path]]:
        """Every ref, and every file below the repository: objects, locks, quarantines."""
        found = sorted(path for path in self.git_dir.rglob("*") if path.is_file())
        return {str(name): str(oid) for name, oid in refs_of(self.git_dir).items()}, found


def split(line: str) -> tuple[str, str, str, str]:
    head, _, path = line.partition("\t")
    mode, kind, oid = head.split()
    return mode, kind, oid, path


def file_change(path: str, **words: object) -> FileChange:
    return FileChange(**{"path": TreePath.parse(path), "message": "a change", **words})  # type: ignore[arg-type]


def assert_strictly_sound(git_dir: Path) -> None:
    """Nothing is wrong, and nothing is there that no ref reaches."""
    assert git(git_dir, "fsck", "--full", "--strict", "--no-progress", "--unreachable") == ""
    assert [path.name for path in (git_dir / "objects").iterdir() if len(path.name) > 4] == []
