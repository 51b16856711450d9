"""The files of a pull request, as rows: with their patch, and line by line."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import UNSET

from matou.forge.access import MayReadCode
from matou.forge.content.differences import RevisionComparison
from matou.git.operations.differences import FileDifference
from matou.git.operations.history import ChangeKind
from matou.platforms.gitcode.wire_pull_files import (
    BINARY_FILE,
    TEXT_FILE,
    GitCodeDiffHead,
    GitCodeDiffLine,
    GitCodeDiffStatistic,
    GitCodeDiffText,
    GitCodeFileDiff,
    GitCodeLineNumber,
    GitCodePullFile,
    GitCodePullPatch,
)
from matou.server.api.context import RepositoryContext
from matou.server.api.v5.contents import readable
from matou.server.dialects.gitcode_v5.commits import file_row

CodeContext = RepositoryContext[MayReadCode]

_HUNK: Final = re.compile(rb"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def pull_file(context: CodeContext, comparison: RevisionComparison, each: FileDifference) -> GitCodePullFile:
    row = file_row(context, each, before=comparison.start, after=comparison.head.id)
    return GitCodePullFile(
        sha=comparison.head.id,
        blob_id=each.blob,
        filename=row.filename,
        status=each.kind,
        additions=each.additions,
        deletions=each.deletions,
        blob_url="" if row.blob_url is UNSET else row.blob_url,
        raw_url=row.raw_url,
        patch=GitCodePullPatch(
            old_path=readable(each.old_path),
            new_path=readable(each.path),
            a_mode=each.old_mode,
            b_mode=each.new_mode,
            new_file=each.kind is ChangeKind.ADDED,
            renamed_file=each.kind is ChangeKind.RENAMED,
            deleted_file=each.kind is ChangeKind.REMOVED,
            too_large=each.patch is None,
            added_lines=each.additions,
            removed_lines=each.deletions,
            diff=readable(each.hunks),
        ),
    )


def file_difference(context: CodeContext, comparison: RevisionComparison, each: FileDifference) -> GitCodeFileDiff:
    old, new, hunks = readable(each.old_path), readable(each.path), each.hunks
    raw = context.links.repository_api(context.repository.path, "raw", each.path)
    return GitCodeFileDiff(
        added_lines=each.additions,
        remove_lines=each.deletions,
        content=GitCodeDiffText(text=list(diff_lines(hashlib.sha1(each.path).hexdigest(), hunks))),  # noqa: S324 - a name
        head=GitCodeDiffHead(commit_id=comparison.head.id, url=f"{raw}?ref={comparison.head.id}"),
        new_blob_id=each.blob,
        old_path=old,
        new_path=new,
        statistic=GitCodeDiffStatistic(
            new_path=new,
            old_path=old,
            path=new,
            type=TEXT_FILE if hunks or not each.patch else BINARY_FILE,
            view=each.patch is None,
        ),
    )


def diff_lines(file: str, hunks: bytes) -> Iterator[GitCodeDiffLine]:
    """What git says of a file, from its first `@@` on, line by line.

    Args:
        file: what the codes of its lines begin with.
    """
    old = new = 0
    for line in _whole_lines(hunks):
        begin = _HUNK.match(line)
        if begin is not None:
            old, new = int(begin[1]), int(begin[2])
            yield GitCodeDiffLine(line_content=readable(line), new_line="...", old_line="...", type="match")
            continue
        sign, is_old, is_new = line[:1], line[:1] in b" -", line[:1] in b" +"
        if sign == b"\\":
            continue
        code = f"{file}_{old}_{new}"
        yield GitCodeDiffLine(
            line_content=readable(line if sign == b" " else line[1:]),
            new_line=GitCodeLineNumber(line_code=code, line_num=str(new) if is_new else ""),
            old_line=GitCodeLineNumber(line_code=code, line_num=str(old) if is_old else ""),
            type={b"-": "old", b"+": "new"}.get(sign),  # type: ignore[arg-type]
        )
        old, new = old + is_old, new + is_new


def _whole_lines(hunks: bytes) -> Iterable[bytes]:
    """At line feeds alone: a carriage return is part of its line."""
    return hunks.removesuffix(b"\n").split(b"\n") if hunks else ()
