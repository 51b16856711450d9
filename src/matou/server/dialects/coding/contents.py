"""Actions about what a commit holds and what it changed."""

import re
from collections.abc import Iterator

from matou.forge.access import MayReadCode
from matou.forge.content.abbreviations import find_revision
from matou.forge.content.contents import TreeListEntry, list_entries, object_at
from matou.forge.content.differences import difference_of
from matou.forge.content.last_changes import ChangedEntry, list_changed_entries
from matou.git.odb.objects import EntryKind, TooLargeToRead, TreePath, find_commit, open_repository
from matou.git.operations.differences import FileDifference
from matou.git.operations.history import ChangeKind
from matou.platforms.coding import wire_contents
from matou.platforms.coding import wire_requests as requests
from matou.server.dialects.coding.commits import commit_row
from matou.server.dialects.coding.context import READ_REPOSITORY, CodingAction, TeamContext, action
from matou.server.dialects.coding.depots import find_depot

MOST_ENTRIES = 20_000
MOST_LINES = 50_000

_CHANGES = {
    ChangeKind.ADDED: "add",
    ChangeKind.MODIFIED: "modify",
    ChangeKind.REMOVED: "delete",
    ChangeKind.RENAMED: "rename",
}
_TYPES = {EntryKind.FOLDER: "tree", EntryKind.SUBMODULE: "commit"}
_HUNK = re.compile(r"@@ -(?P<left>[0-9]+)(?:,[0-9]+)? \+(?P<right>[0-9]+)(?:,[0-9]+)? @@")


def one_commit(context: TeamContext, request: requests.DescribeGitCommitInfo) -> wire_contents.CommitResponse:
    granted = find_depot(context, request, MayReadCode)
    start = find_revision(context.forge, granted, request.sha)
    commit = find_commit(open_repository(context.forge.git_dir(granted.subject)), start)
    return wire_contents.CommitResponse(git_commit=commit_row(commit))


def commit_difference(
    context: TeamContext, request: requests.DescribeGitCommitDiff
) -> wire_contents.CommitDiffResponse:
    path = _path(request.path)
    granted = find_depot(context, request, MayReadCode)
    start = find_revision(context.forge, granted, request.sha)
    commit = find_commit(open_repository(context.forge.git_dir(granted.subject)), start)
    difference = difference_of(context.forge, granted, commit, path=path)
    lines = sum((each.patch or b"").count(b"\n") for each in difference.files)
    if not difference.is_whole or lines > MOST_LINES:
        # CODING's answer has no place that says that something is missing.
        raise TooLargeToRead(
            "commit {id} changes more than an answer holds; Path asks for one file of it", id=commit.id
        )
    return wire_contents.CommitDiffResponse(diffs=[_difference(each) for each in difference.files])


def files(context: TeamContext, request: requests.DescribeGitFiles) -> wire_contents.FilesResponse:
    folder = _path(request.path)
    granted = find_depot(context, request, MayReadCode)
    entries = list_changed_entries(context.forge, granted, request.ref, folder)
    return wire_contents.FilesResponse(items=[_item(each) for each in entries])


def tree(context: TeamContext, request: requests.DescribeGitTree) -> wire_contents.TreeResponse:
    folder = _path(request.path)
    granted = find_depot(context, request, MayReadCode)
    start = object_at(context.forge, granted, request.ref)
    entries, total = list_entries(
        context.forge,
        granted,
        start,
        below=folder,
        recursive=request.is_recursive,
        offset=0,
        limit=MOST_ENTRIES,
    )
    if total > MOST_ENTRIES:
        raise TooLargeToRead("the folder holds more than {limit} entries", limit=MOST_ENTRIES)
    return wire_contents.TreeResponse(trees=[_tree_row(entry) for entry in entries])


def _path(text: str) -> TreePath | None:
    """None for the root. Raises InvalidTreePath."""
    inner = text.strip("/")
    return TreePath.parse(inner) if inner else None


def _text(path: bytes) -> str:
    return path.decode("utf-8", "replace")


def _item(each: ChangedEntry) -> wire_contents.GitTreeItem:
    path = _text(each.entry.path)
    mode = "tree" if each.entry.kind is EntryKind.FOLDER else "file"
    return wire_contents.GitTreeItem(mode=mode, name=path.rpartition("/")[2], path=path, sha=each.commit or "")


def _tree_row(entry: TreeListEntry) -> wire_contents.GitTree:
    kind = _TYPES.get(entry.kind, "blob")
    return wire_contents.GitTree(mode=f"{entry.mode:06o}", path=_text(entry.path), sha=entry.id, type=kind)


def _difference(each: FileDifference) -> wire_contents.GitDiff:
    return wire_contents.GitDiff(
        change_type=_CHANGES[each.kind],
        content=_text(each.patch or b""),
        deletions=each.deletions,
        insertions=each.additions,
        lines=list(_lines(_text(each.hunks))),
        new_mode=each.new_mode,
        old_mode=each.old_mode,
        path=_text(each.path),
    )


def _lines(hunks: str) -> Iterator[wire_contents.DiffLine]:
    """Numbers count as in the vendor's sample: a line that one side has not has that side's next number."""
    left, right = 0, 0
    for index, line in enumerate(hunks.split("\n")[:-1]):
        begin = _HUNK.match(line)
        if begin is not None:
            left, right = int(begin["left"]), int(begin["right"])
            before = max(left - 1, 0), max(right - 1, 0)
            yield wire_contents.DiffLine(
                index=index, left_no=before[0], prefix="", right_no=before[1], text=line + "\n"
            )
            continue
        prefix, text = line[:1], line[1:]
        yield wire_contents.DiffLine(index=index, left_no=left, prefix=prefix, right_no=right, text=text)
        left += prefix in (" ", "-")
        right += prefix in (" ", "+")


ACTIONS: tuple[CodingAction, ...] = (
    action(
        requests.DescribeGitCommitInfo,
        one_commit,
        READ_REPOSITORY,
        "`Sha` may be cut short, or a branch or a tag. `CreatedAt` is the committer's date.",
    ),
    action(
        requests.DescribeGitCommitDiff,
        commit_difference,
        READ_REPOSITORY,
        "Against the first parent, renamed files found. `ChangeType` is add, modify, delete or rename; `Path` the new "
        "one. `Content` is the file's patch; a binary file has no `Lines`. `@@` stands in `Text`, with an empty "
        "`Prefix`. A commit that changes more than 300 files, 2 MiB of patches or 50,000 lines is refused: "
        "`UnsupportedOperation`; `Path`, a file or a folder, asks for a part of it.",
    ),
    action(
        requests.DescribeGitFiles,
        files,
        READ_REPOSITORY,
        "One folder; `Ref` as for DescribeGitCommitInfos, the default branch where it is empty. `Sha` is the commit "
        "that last changed the entry, or anything below it; it is empty where that was not found in 5 s. `Mode` is "
        "`tree` for a folder and `file` for all else. Up to 10,000 entries.",
    ),
    action(
        requests.DescribeGitTree,
        tree,
        READ_REPOSITORY,
        "`Ref` as for DescribeGitFiles. `Path` is a folder; paths in the answer begin at the root. With `IsRecursive` "
        "folders are listed too, before what they hold. Up to 20,000 entries; more are refused.",
    ),
)
