"""Actions about commits and files."""

import re
from base64 import b64encode
from datetime import datetime, timedelta

from matou.forge.access import MayReadCode
from matou.forge.content.abbreviations import find_revision
from matou.git.odb.objects import Commit, Signature, TreePath, find_commit, open_repository, read_file
from matou.git.operations.commit_walk import CommitFilter, commits
from matou.git.operations.lfs import parse_pointer
from matou.platforms.coding import wire_contents
from matou.platforms.coding import wire_requests as requests
from matou.platforms.coding.wire import CHINA, Milliseconds, milliseconds
from matou.server.api.params import InvalidParameterValue
from matou.server.dialects.coding.context import (
    READ_REPOSITORY,
    CodingAction,
    TeamContext,
    action,
    page_request,
)
from matou.server.dialects.coding.depots import find_depot

LARGEST_FILE_BYTES = 8 * 1024 * 1024
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\Z")
_LAST_OF_A_DAY = timedelta(days=1) - timedelta(microseconds=1)
_LAST_OF_A_SECOND = timedelta(seconds=1) - timedelta(microseconds=1)


def commit_list(context: TeamContext, request: requests.DescribeGitCommitInfos) -> wire_contents.CommitsResponse:
    page = page_request(request.page_number, request.page_size)
    only = CommitFilter(
        path=_path(request.path) if request.path.strip("/") else None,
        since=read_date("StartDate", request.start_date, is_end=False),
        until=read_date("EndDate", request.end_date, is_end=True),
        keyword=request.key_word,
    )
    granted = find_depot(context, request, MayReadCode)
    start = find_revision(context.forge, granted, request.ref)
    opened = open_repository(context.forge.git_dir(granted.subject))
    rows = commits(opened, start, only=only, offset=page.offset, limit=page.size)
    return wire_contents.CommitsResponse(commits=[commit_row(commit) for commit in rows])


def file_content(context: TeamContext, request: requests.DescribeGitFileContent) -> wire_contents.FileContentResponse:
    path = _path(request.path)
    granted = find_depot(context, request, MayReadCode)
    start = find_revision(context.forge, granted, request.commit_sha)
    opened = open_repository(context.forge.git_dir(granted.subject))
    content = read_file(opened, find_commit(opened, start), path, largest_bytes=LARGEST_FILE_BYTES)
    return wire_contents.FileContentResponse(git_file_content=_content_row(content))


def commit_row(commit: Commit) -> wire_contents.GitCommit:
    return wire_contents.GitCommit(
        author_email=commit.author.email,
        author_name=commit.author.name,
        commit_date=stamp(commit.committer),
        committer=wire_contents.Committer(email=commit.committer.email, name=commit.committer.name),
        created_at=stamp(commit.committer),
        parents=list(commit.parents),
        sha=commit.id,
        short_message=short_message(commit),
    )


def stamp(signature: Signature) -> Milliseconds:
    return milliseconds(signature.at)


def short_message(commit: Commit) -> str:
    """The subject and a line feed, as in every sample of the vendor's."""
    return commit.subject + "\n"


def read_date(name: str, text: str, *, is_end: bool) -> datetime | None:
    """Read a day, or a second, of China's clock; the end of one where it bounds from above. None where it is empty.

    Raises:
        InvalidParameterValue: it is neither.
    """
    if not text:
        return None
    is_day = _DAY.match(text) is not None
    if not is_day and not _SECOND.match(text):
        raise InvalidParameterValue(
            "{name} is {text}, not YYYY-MM-DD or YYYY-MM-DD HH:mm:ss", name=name, text=repr(text)[:200]
        )
    try:
        begins = datetime.fromisoformat(text).replace(tzinfo=CHINA)
        return begins + (_LAST_OF_A_DAY if is_day else _LAST_OF_A_SECOND) if is_end else begins
    except (ValueError, OverflowError):
        raise InvalidParameterValue(
            "{name} is {text}, which no calendar has", name=name, text=repr(text)[:200]
        ) from None


def _path(text: str) -> TreePath:
    return TreePath.parse(text.removeprefix("/"))


def _content_row(content: bytes) -> wire_contents.GitFileContent:
    is_lfs = parse_pointer(content) is not None
    text = _text(content)
    return wire_contents.GitFileContent(
        content=b64encode(content).decode() if text is None else text,
        is_text=text is not None,
        is_lfs=is_lfs,
        is_large_file_storage=is_lfs,
    )


def _text(content: bytes) -> str | None:
    """None for what is not UTF-8 or holds a NUL, which is how git tells what is binary."""
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


ACTIONS: tuple[CodingAction, ...] = (
    action(
        requests.DescribeGitCommitInfos,
        commit_list,
        READ_REPOSITORY,
        "Newest first, in the order of `git log`. `Ref` is a branch, a tag, a full ref name, `HEAD` or a commit "
        "id, whole or cut short. `Path` is a "
        "file or a folder, as `git log -- PATH` takes it. Dates are China's, both included, and compared with the "
        "committer's. `KeyWord` is a part of the message, whatever the case. `CreatedAt` is the committer's date "
        "too.",
        aliases=("DescribeGitCommits",),
    ),
    action(
        requests.DescribeGitFileContent,
        file_content,
        READ_REPOSITORY,
        "`CommitSha` may be cut short, or a branch or a tag. Text that is UTF-8 comes as it is; anything else as "
        "base64, with `IsText` "
        "false. Of an LFS file comes the pointer, with `IsLfs` true. Up to 8 MiB. A symbolic link gives its own "
        "text.",
    ),
)
