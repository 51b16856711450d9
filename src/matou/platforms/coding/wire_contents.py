"""What CODING's Open API answers about one commit, one branch and what they hold; read and written as `wire` is."""

from msgspec import field

from matou.platforms.coding.wire import CodingStruct, GitCommit, Response


class GitBranchDetail(CodingStruct, kw_only=True):
    """One branch, unlike a row of a list with its last commit. `content` is a note."""

    branch_name: str
    is_default_branch: bool = False
    is_protected: bool = False
    last_commit: GitCommit
    sha: str
    content: str = ""


class GitTreeItem(CodingStruct, kw_only=True):
    """`sha`: of the commit that last changed it. `mode`: file, or tree for a folder."""

    mode: str
    name: str
    path: str
    sha: str = ""


class GitTree(CodingStruct, kw_only=True):
    """As `git ls-tree` writes it."""

    mode: str
    path: str
    sha: str
    type: str


class DiffLine(CodingStruct, kw_only=True):
    """A line of a difference; the numbers are those that both sides have come to."""

    index: int
    left_no: int
    prefix: str
    right_no: int
    text: str


class GitDiff(CodingStruct, kw_only=True):
    """`change_type`: add, modify, delete or rename. `content` is the patch of this file."""

    change_type: str
    content: str = ""
    deletions: int = 0
    insertions: int = 0
    lines: list[DiffLine] = field(default_factory=list)
    new_mode: str = ""
    old_mode: str = ""
    path: str


class CommitResponse(Response, kw_only=True):
    git_commit: GitCommit


class CommitDiffResponse(Response, kw_only=True):
    diffs: list[GitDiff] = field(default_factory=list)


class BranchResponse(Response, kw_only=True):
    git_branch: GitBranchDetail


class FilesResponse(Response, kw_only=True):
    items: list[GitTreeItem] = field(default_factory=list)


class TreeResponse(Response, kw_only=True):
    trees: list[GitTree] = field(default_factory=list)


class TransferredResponse(Response, kw_only=True):
    """A path without a host."""

    new_depot_path: str
