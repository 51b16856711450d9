"""Makes a small archive with the Matou that is installed, for `tests/data/archives`: one for every format and release.

    PYTHONPATH=tests python tests/support/archive_fixture.py tests/data/archives/0.2.0.tar.gz

It has what a format can hold: a chain of runs, one of which was cut off; a kept ref, LFS objects of which the source
lacks one, an icon, a repository that is gone, an empty one, one with a name that is made safe; a database in which
somebody was born; and what was said around the project and its repository `api`, of every kind that is saved: issues,
a merge request whose commits nothing but its ref holds, releases, a wiki, attachments, somebody who left. It needs no
network but the loopback. A tar, since git would not keep the repositories' empty folders.
"""

import contextlib
import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from matou.credentials import Secret
from matou.http.rate_limit import UNLIMITED
from matou.http.session import Session
from matou.model.metadata.kinds import MetadataKind
from matou.model.platform import RemoteNamespace, RemoteRepository
from matou.platforms.base.metadata import MetadataReader, MetadataSource
from matou.platforms.base.source import RecordSink
from matou.platforms.coding import PLATFORM
from matou.transfer.backup.metadata.access import HttpMetadata
from support.coding_source import TOKEN, CodingSource, running_coding_source
from support.coding_story import issue, tell_story
from support.scripted_source import ScriptedSource, back_up, commit, git, open_archive
from support.steered_clock import SYSTEM_CLOCK

PROJECT = "1000"
"""The id of the project `shop`, as the story has it."""

ICON = b"\x89PNG a small icon"
FIRST = "one\n"
SECOND = "two\n"
LARGE = b"a large file\n" * 20


class CutOffError(Exception):
    """Ends a run in its middle."""


def make_archive(folder: Path) -> Path:
    """The archive, below a folder that is there."""
    with running_coding_source() as coding:
        source = scripted_source(folder)
        tell(coding, source)
        archive = open_archive(folder / "archive")
        with Session(named=[coding.url], clock=SYSTEM_CLOCK) as session:
            save = partial(back_up, source, archive, access=access_to(session, coding))
            save()
            change_source(source)
            change_what_was_said(coding)
            save()
            with contextlib.suppress(CutOffError):
                save(progress=_Cut())
    _name_nobody(archive.root / "lock")
    archive.root.chmod(0o700)
    for words in (("reindex", archive.root), ("user", "add", "alice", "--no-password", "--root", archive.root)):
        _matou(folder, *words)
    for leftover in ("matou.db-wal", "matou.db-shm"):
        assert not (archive.root / leftover).exists(), leftover
    return archive.root


def scripted_source(folder: Path, *, project: str = PROJECT) -> ScriptedSource:
    """What the first run saves; ids are 100 and up, in the order of their making.

    Args:
        folder: where its repositories are made.
        project: the project's id; older archives have another.
    """
    source = _Source(folder / "source")
    shop = source.project("shop", id_=project, display_name="店铺", icon_url="https://coding.example/icon")
    source.icons[shop.id] = ICON
    api = source.repository("api", shop)
    commit(api, "refs/heads/main", {"README.md": FIRST, "large.bin": source.keep_lfs(LARGE)})
    commit(api, "refs/heads/main", {"lost.bin": _pointer_of_lost(source)})
    git(api, "tag", "-a", "-m", "one", "v1", "main~1")
    old = source.repository("old", shop)
    commit(old, "refs/heads/main", {"README.md": FIRST})
    source.repository("empty", shop)
    commit(source.repository("con", shop), "refs/heads/main", {"README.md": FIRST})
    for number in range(22):  # so that one which is gone is no suddenly shorter list
        source.repository(f"empty-{number}", shop)
    return source


def tell(coding: CodingSource, source: ScriptedSource) -> None:
    """The story of `boats` and `ferry`, told of `shop` and `api`; merge request 3 has commits that no branch has."""
    api = source.git_dir("100")
    coding.team, source.url = source.team, coding.url
    _, said = tell_story(coding, "shop", "api", Id=100)
    refused = commit(api, "refs/heads/refused", {"README.md": SECOND}, message="refused")
    git(api, "update-ref", "-d", "refs/heads/refused")
    said.merges[3]["SourceBranchSha"] = refused
    for number in (1, 2):
        said.merges[number]["SourceBranchSha"] = git(api, "rev-parse", "main").strip()


def change_what_was_said(coding: CodingSource) -> None:
    """What the second run finds: an issue that is new, one that is closed, one that was deleted."""
    talk = coding.metadata.projects["shop"]
    now = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1000
    talk.issues[7] = issue(7, "第二次备份之前", CreatedAt=now, UpdatedAt=now)
    talk.issues[2].update(Name="手机买票，改了", UpdatedAt=now)
    coding.labels[1000].pop()


def access_to(session: Session, coding: CodingSource) -> HttpMetadata:
    assert PLATFORM.metadata is not None
    return MetadataOfApi(PLATFORM.metadata, session, coding.url, Secret(TOKEN), SYSTEM_CLOCK.now, UNLIMITED)


class MetadataOfApi(HttpMetadata):
    """Of all repositories one has something that was said around it."""

    def open(self, record: RecordSink, wants: Callable[[MetadataKind], bool], /) -> MetadataSource:
        return _OnlyApi(super().open(record, wants))


@dataclass
class _OnlyApi:
    answered_with: MetadataSource

    def of_repository(self, repository: RemoteRepository, namespace: RemoteNamespace | None) -> MetadataReader | None:
        return self.answered_with.of_repository(repository, namespace) if repository.id == "100" else None

    def of_namespace(self, namespace: RemoteNamespace) -> MetadataReader | None:
        return self.answered_with.of_namespace(namespace)


def change_source(source: ScriptedSource) -> None:
    """What the second run finds: a branch overwritten, a repository gone."""
    api = source.git_dir("100")
    git(api, "update-ref", "refs/heads/main", "main~1")
    commit(api, "refs/heads/main", {"README.md": SECOND})
    source.remove("101")


def pack(root: Path, target: Path) -> None:
    """The same archive gives the same bytes; what `cache` holds is left out."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for path in sorted(root.rglob("*")):
            if "cache" not in path.relative_to(root).parts[:1]:
                tar.add(path, arcname=str(path.relative_to(root.parent)), recursive=False, filter=_anonymous)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(raw.getvalue(), mtime=0))


def unpack(packed: Path, folder: Path) -> Path:
    """The archive's folder, below one that is there."""
    with tarfile.open(packed) as tar:
        tar.extractall(folder, filter="data")
    return folder / "archive"


class _Source(ScriptedSource):
    def labels(self, namespace: RemoteNamespace) -> bytes:
        return b'[{"id":1,"name":"bug","color":"#D42027"}]'


class _Cut:
    """A listener that ends the run as soon as the first repository is finished."""

    def __getattr__(self, name: str) -> object:
        return self._count_finished if name == "finished" else lambda *_, **__: None

    def _count_finished(self, *_: object) -> None:
        raise CutOffError


def _pointer_of_lost(source: ScriptedSource) -> str:
    pointer = source.keep_lfs(b"what the source has lost")
    source.lfs_objects.popitem()
    return pointer


def _name_nobody(lock: Path) -> None:
    """The run that was cut off leaves who it was: no machine of ours."""
    holder = {**json.loads(lock.read_bytes()), "host": "harbour", "pid": 7}
    lock.write_text(json.dumps(holder) + "\n")


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    return entry


def _matou(home: Path, *words: str | Path) -> None:
    program = Path(sys.executable).with_name("matou")
    variables = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    subprocess.run([program, *words], env=variables, check=True, stdout=subprocess.DEVNULL)


def make(target: Path) -> None:
    """The step of a release: an archive as the installed program writes it, in a tar of that name."""
    with tempfile.TemporaryDirectory() as folder:
        pack(make_archive(Path(folder)), target)


def main() -> None:
    target = Path(sys.argv[1])
    make(target)
    print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
