"""The calls that read code and its history."""

import re
from collections.abc import Callable, Hashable, Iterator
from datetime import date, datetime
from typing import BinaryIO, TypeVar

from matou.errors import Phrase
from matou.http.addresses import Parameter, file_path, repository_path, segment
from matou.platforms.gitcode.api import GitCodeCalls
from matou.platforms.gitcode.enums import ArchiveFormat, ContributorKind
from matou.platforms.gitcode.wire import (
    CHINA,
    Blob,
    BranchDetail,
    Content,
    Contributor,
    ContributorStatistics,
    GitCodeBranch,
    GitCodeCommit,
    GitCodeTag,
    GitCodeTreeEntry,
)
from matou.platforms.gitcode.wire_base import DECODER

_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_CHUNK_BYTES = 1024 * 1024

T = TypeVar("T")


class ReadingCalls(GitCodeCalls):
    def tree(self, repository: str, ref: str, *, recursive: bool = False) -> Iterator[GitCodeTreeEntry]:
        """1. The entries of one commit, however long reading them takes: a branch is looked up once.

        Args:
            ref: a branch, a tag, or the id of a commit or of a tree.
        """
        path = repository_path(repository)
        return self._api.list(
            f"{path}/git/trees/{segment(self._tip(repository, ref) or ref)}",
            GitCodeTreeEntry,
            Phrase("the tree {ref} of {repository}", ref=repr(ref), repository=repr(repository)),
            key=lambda entry: entry.path,
            query={"recursive": 1 if recursive else None},
            rows_in=_tree_in,
        ).rows_as_they_come()

    def contents(self, repository: str, path: str = "", *, ref: str | None = None) -> Content | list[Content]:
        """2. A file with its content, or the entries of a directory without theirs.

        Args:
            ref: the default branch where it is None.
        """
        below = f"/{file_path(path)}" if path else ""
        answer = self._api.request(
            "GET", f"{repository_path(repository)}/contents{below}", query={"ref": ref}, repeatable=True
        )
        value = self._api.parsed(answer)
        return DECODER.read(list[Content], value) if isinstance(value, list) else DECODER.read(Content, value)

    def file_list(self, repository: str, *, name: str | None = None, ref: str | None = None) -> list[str]:
        """3. All paths that hold `name` anywhere in them."""
        return self._api.get(
            list[str], f"{repository_path(repository)}/file_list", {"ref_name": ref, "file_name": name}
        )

    def blob(self, repository: str, object_id: str) -> Blob:
        """7. A file's content by its object id."""
        return self._api.get(Blob, f"{repository_path(repository)}/git/blobs/{segment(object_id)}")

    def languages(self, repository: str) -> dict[str, float]:
        """8. What share of the code each language has, in percent."""
        return self._api.get(dict[str, float], f"{repository_path(repository)}/languages")

    def contributors(self, repository: str, *, kind: ContributorKind | None = None) -> Iterator[Contributor]:
        """9. Who made how many commits."""
        return self._listed(repository, "/contributors", Contributor, lambda row: (row.email, row.name), {"type": kind})

    def raw(self, repository: str, path: str, *, ref: str | None = None) -> bytes:
        """36. A file of at most 64 MiB."""
        answer = self._api.request(
            "GET", f"{repository_path(repository)}/raw/{file_path(path)}", query={"ref": ref}, repeatable=True
        )
        return answer.body

    def contributor_statistics(
        self,
        repository: str,
        *,
        author: str | None = None,
        only_me: bool = False,
        since: date | datetime | None = None,
        until: date | datetime | None = None,
        ref: str | None = None,
    ) -> list[ContributorStatistics]:
        """37. `only_me` outweighs `author`, which is a name or a login."""
        query: dict[str, Parameter] = {
            "author": author,
            "current_user": True if only_me else None,
            "since": _moment(since),
            "until": _moment(until),
            "ref_name": ref,
        }
        return self._api.get(
            list[ContributorStatistics], f"{repository_path(repository)}/contributors/statistic", query
        )

    def branches(self, repository: str) -> Iterator[GitCodeBranch]:
        return self._listed(repository, "/branches", GitCodeBranch, lambda row: row.name)

    def branch(self, repository: str, name: str) -> BranchDetail:
        return self._api.get(BranchDetail, f"{repository_path(repository)}/branches/{segment(name)}")

    def tags(self, repository: str) -> Iterator[GitCodeTag]:
        return self._listed(repository, "/tags", GitCodeTag, lambda row: row.name)

    def commits(
        self,
        repository: str,
        *,
        ref: str | None = None,
        path: str | None = None,
        author: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[GitCodeCommit]:
        """From the tip back, the history of one commit: a branch that moves meanwhile changes nothing.

        Args:
            ref: the default branch where it is None.
            author: a name or an e-mail address.
        """
        tip = self._tip(repository, ref)
        query: dict[str, Parameter] = {"sha": tip, "path": path, "author": author, "since": since, "until": until}
        what = Phrase("the commits of {repository}", repository=repr(repository))
        history = self._api.list(
            f"{repository_path(repository)}/commits", GitCodeCommit, what, lambda row: row.sha, query
        )
        return history.rows_as_they_come() if tip else iter(())

    def commit(self, repository: str, ref: str, *, with_patches: bool = False) -> GitCodeCommit:
        """With its files and what they gained and lost."""
        query: dict[str, Parameter] = {"show_diff": True if with_patches else None}
        return self._api.get(GitCodeCommit, f"{repository_path(repository)}/commits/{segment(ref)}", query)

    def download_archive(
        self, repository: str, into: BinaryIO, *, ref: str | None = None, kind: ArchiveFormat = ArchiveFormat.ZIP
    ) -> int:
        """Write all files of one commit, without the history; give the number of bytes."""
        written = 0
        with self._api.stream(f"{repository_path(repository)}/archive", query={"ref": ref, "format": kind}) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                written += into.write(chunk)
        return written

    def _tip(self, repository: str, ref: str | None) -> str | None:
        """The commit that a ref is at now; None where there is none yet. An object's id is what it is."""
        if ref is not None and _OBJECT_ID.match(ref):
            return ref
        rows = self._api.get(list[GitCodeCommit], f"{repository_path(repository)}/commits", {"sha": ref, "per_page": 1})
        return rows[0].sha if rows else None

    def _listed(
        self,
        repository: str,
        below: str,
        kind: type[T],
        key: Callable[[T], Hashable],
        query: dict[str, Parameter] | None = None,
    ) -> Iterator[T]:
        what = Phrase("{path} of {repository}", path=below.strip("/"), repository=repr(repository))
        return self._api.list(f"{repository_path(repository)}{below}", kind, what, key, query).rows()


def _tree_in(value: object) -> object:
    return value.get("tree") if isinstance(value, dict) else value


def _moment(at: date | datetime | None) -> str | None:
    """`2024-12-05` or `2024-12-05 08:00:00`, which has no zone: China's is meant."""
    if isinstance(at, datetime):
        return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
    return None if at is None else at.isoformat()
