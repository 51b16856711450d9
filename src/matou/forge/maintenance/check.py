"""Looks for where the database and the disk disagree."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from matou.archive.bucket_packs import key_of_pack
from matou.db import repositories
from matou.db.bucket_repositories import listed_files
from matou.forge.forge import Forge
from matou.forge.repositories.bucket_repositories import BucketRepositories
from matou.git.refs.listing import DamagedRefs, read_refs
from matou.git.repository import LEFTOVER_AGE, leftovers


class FindingKind(StrEnum):
    FOLDER_WITHOUT_ROW = "folder without row"
    ROW_WITHOUT_FOLDER = "row without folder"
    HEAD_TO_NOWHERE = "HEAD to nowhere"
    DAMAGED_REFS = "damaged refs"
    LEFTOVER = "leftover"
    FILE_MISSING = "file missing in the bucket"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`what` is a path: of a row as in a URL, of a folder or file below the archive."""

    kind: FindingKind
    what: str


def check(forge: Forge) -> tuple[Finding, ...]:
    """What disagrees, sorted; changes nothing.

    A repository that is made or deleted meanwhile may be named: what matters is found again the next time.
    """
    if forge.bucket is not None:
        return tuple(sorted(_findings_in_bucket(forge.bucket)))
    with forge.database.begin_read() as connection:
        rows, _ = repositories.list_repositories(connection, None, recursive=True)
    expected = {forge.git_dir(row): str(row.path) for row in rows}
    existing = set(_git_dirs(forge.archive.repositories))
    root = forge.archive.root
    findings = [
        Finding(FindingKind.ROW_WITHOUT_FOLDER, path) for folder, path in expected.items() if folder not in existing
    ]
    for git_dir in existing:
        if git_dir not in expected:
            findings.append(Finding(FindingKind.FOLDER_WITHOUT_ROW, str(git_dir.relative_to(root))))
        findings.extend(_findings_within(git_dir, root, forge.now()))
    return tuple(sorted(findings))


def _findings_in_bucket(bucket: BucketRepositories) -> Iterator[Finding]:
    """What the database lists and the bucket has not, or not of that size. What it has besides is not looked at."""
    with bucket.database.begin_read() as connection:
        listed = {key_of_pack(key, file): file.size_bytes for key, file in listed_files(connection)}
    present = dict(bucket.store.sizes("repositories/"))
    yield from (Finding(FindingKind.FILE_MISSING, key) for key in listed if present.get(key) != listed[key])


def _findings_within(git_dir: Path, root: Path, now: datetime) -> Iterator[Finding]:
    name = str(git_dir.relative_to(root))
    fault = _fault_of_head(git_dir)
    if fault is not None:
        yield Finding(fault, name)
    for leftover in leftovers(git_dir):
        if _is_old(leftover, now):
            yield Finding(FindingKind.LEFTOVER, str(leftover.relative_to(root)))


def _fault_of_head(git_dir: Path) -> FindingKind | None:
    try:
        listing = read_refs(git_dir)
    except DamagedRefs:
        return FindingKind.DAMAGED_REFS
    has_branches = any(name.startswith("refs/heads/") for name in listing.refs)
    lost = listing.detached_head is None and listing.head not in listing.refs
    return FindingKind.HEAD_TO_NOWHERE if has_branches and lost else None


def _is_old(path: Path, now: datetime) -> bool:
    """Whether a process at work would have changed or removed it by now; what has gone meanwhile is not old."""
    with suppress(FileNotFoundError):
        return now - datetime.fromtimestamp(path.lstat().st_mtime, UTC) > LEFTOVER_AGE
    return False


def _git_dirs(folder: Path) -> Iterator[Path]:
    """Every bare repository below a folder; links are not followed."""
    for entry in os.scandir(folder):
        if not entry.is_dir(follow_symlinks=False):
            continue
        if entry.name.endswith(".git"):
            yield Path(entry)
        else:
            yield from _git_dirs(Path(entry))
