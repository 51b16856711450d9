"""Archives for the tests of verify, restore and show: saved from real repositories by the archive's own parts."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from matou.archive.layout import Archive
from matou.archive.manifest import (
    LfsState,
    ListingState,
    ManifestWriter,
    NamespaceLine,
    Outcome,
    RepositoryLine,
    RunLine,
    SourceLine,
)
from matou.archive.run_history import previous_run
from matou.archive.snapshots import lfs_list_text
from matou.git.refs.listing import KEPT_PREFIX, read_refs, write_refs
from matou.git.repository import create_bare
from matou.model.names import ObjectId, RefName, RepositoryPath
from matou.model.platform import VersionControl, Visibility
from matou.model.refs import RefListing

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CREATED_AT = datetime(2019, 11, 5, 4, 11, 23, 682_000, tzinfo=UTC)
CREATED_AT_MILLISECONDS = 1572927083682
SOURCE = SourceLine(platform="coding", url="https://e.coding.net/open-api", account="42", team="team", team_id="7")
ICON = b"\x89PNG an icon"
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A. Author",
    "GIT_AUTHOR_EMAIL": "author@example.com",
    "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "A. Author",
    "GIT_COMMITTER_EMAIL": "author@example.com",
    "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z",
}


def git(folder: Path, *arguments: str, data: bytes | None = None) -> str:
    """Run git in a folder, with nobody's configuration, and give what it said."""
    done = subprocess.run(
        ["git", "-C", folder, *arguments], input=data, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE
    )
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def pointer_text(data: bytes) -> str:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest_of(data)}\nsize {len(data)}\n"


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_repository(folder: Path, *, commits: int = 3, object_format: str = "sha1") -> Path:
    """A repository with a few commits, a branch, a lightweight and an annotated tag; gives its `.git`."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main", f"--object-format={object_format}")
    for number in range(commits):
        commit_file(folder, "file.txt", f"line {number}\n" * 50)
    git(folder, "branch", "topic")
    git(folder, "tag", "light")
    git(folder, "tag", "-a", "-m", "a tag", "v1")
    return folder / ".git"


def commit_file(folder: Path, name: str, text: str) -> ObjectId:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    git(folder, "add", "--", name)
    git(folder, "commit", "-q", "-m", f"change {name}")
    return ObjectId(git(folder, "rev-parse", "HEAD"))


@dataclass
class Team:
    """One source's archive: each `save` is a run over the repositories that are named by their path.

    Attributes:
        lfs: what LFS objects the repository at a path has; None for one that the source does not have.
        lfs_sizes: what the lists say that an object weighs, where that is wrong.
        display_names: of the projects, by their path.
    """

    archive: Archive
    lfs: dict[str, dict[str, bytes | None]] = field(default_factory=dict)
    lfs_sizes: dict[str, int] = field(default_factory=dict)
    display_names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    lines: dict[str, RepositoryLine] = field(default_factory=dict)

    @classmethod
    def create(cls, root: Path) -> "Team":
        return cls(Archive.create(root, now=NOW, identifier=UUID(int=1)))

    def save(self, repositories: Mapping[str, Path | None], *, publish: bool = True) -> int:
        """One run; None stands for a repository of which nothing can be saved."""
        run = self.archive.begin_run()
        for path, git_dir in repositories.items():
            self.lines[path] = self._save_one(path, git_dir, run)
        if publish:
            self._publish(run)
        return run

    def git_dir(self, path: str) -> Path:
        return self.archive.repository(RepositoryPath.parse(path))

    def blob(self, digest: str) -> Path:
        return self.archive.root / "blobs" / "objects" / digest[:2] / digest[2:4] / digest

    def _save_one(self, path: str, git_dir: Path | None, run: int) -> RepositoryLine:
        line = self.lines.get(path) or self._line(path)
        if git_dir is None:
            return line
        listing = read_refs(git_dir)
        kept = self._mirror(path, git_dir, listing, run)
        snapshot = self.archive.blobs.put_bytes(listing.text)
        return self._line(
            path, outcome=Outcome.SAVED, snapshot=snapshot, saved_in=run, refs=len(listing.refs), kept=tuple(kept),
            lfs=self._save_lfs(path),
        )  # fmt: skip

    def _mirror(self, path: str, git_dir: Path, listing: RefListing, run: int) -> dict[RefName, ObjectId]:
        mirror = self.git_dir(path)
        sha256 = any(len(oid) == 64 for oid in listing.object_ids())
        create_bare(mirror, object_format="sha256" if sha256 else "sha1")
        before = {name: oid for name, oid in read_refs(mirror).refs.items() if not name.startswith("refs/matou/")}
        git(mirror, "-c", "fetch.unpackLimit=1", "fetch", "-q", "--no-tags", str(git_dir), "+refs/*:refs/*")
        kept = {
            RefName(f"{KEPT_PREFIX}{run:06d}/{name.removeprefix('refs/')}"): oid
            for name, oid in before.items()
            if listing.refs.get(name) != oid
        }
        write_refs(mirror, listing, kept)
        return kept

    def _save_lfs(self, path: str) -> LfsState | None:
        objects = self.lfs.get(path)
        if objects is None:
            return None
        for data in filter(None, objects.values()):
            self.archive.blobs.put_bytes(data)
        text = lfs_list_text({oid: len(data or b"gone") for oid, data in objects.items()} | self.lfs_sizes)
        missing = tuple(oid for oid, data in objects.items() if data is None)
        return LfsState(list=self.archive.blobs.put_bytes(text), objects=len(objects), missing=missing)

    def _line(self, path: str, *, outcome: Outcome = Outcome.FAILED, **values: object) -> RepositoryLine:
        place = RepositoryPath.parse(path)
        return RepositoryLine(
            id=path, namespace=str(place.namespace), name=place.name, path=path, outcome=outcome,
            description=self.descriptions.get(path, f"about {place.name}"),
            clone_url=f"https://e.coding.net/{path}.git", version_control=VersionControl.GIT,
            visibility=Visibility.PRIVATE, created_at=CREATED_AT, **values,  # type: ignore[arg-type]
        )  # fmt: skip

    def _publish(self, run: int) -> None:
        writer = ManifestWriter(
            self.archive,
            RunLine(
                format=1, run=run, started_at=NOW, source=SOURCE, previous=previous_run(self.archive), matou="0.1.0"
            ),
        )
        icon = self.archive.blobs.put_bytes(ICON)
        for namespace in sorted({line.namespace for line in self.lines.values()}):
            name = namespace.rpartition("/")[2]
            writer.write(
                NamespaceLine(
                    id=namespace,
                    name=name,
                    path=namespace,
                    display_name=self.display_names.get(namespace, name),
                    description=f"about {name}",
                    created_at=CREATED_AT,
                    icon=icon,
                    archived=False,
                    seen=True,
                )
            )
        for line in self.lines.values():
            writer.write(line)
        writer.publish(finished_at=NOW, requests=3, listing=ListingState.COMPLETE)
