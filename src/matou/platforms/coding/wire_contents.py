"""What CODING's Open API answers about branches, tags, commits and files; read and written as `wire` is."""

from msgspec import field

from matou.platforms.coding.wire import CodingStruct, Milliseconds, Response, Rows


class GitBranch(CodingStruct, kw_only=True):
    branch_name: str
    deny_force_push: bool = False
    force_squash: bool = False
    is_default_branch: bool = False
    is_protected: bool = False
    is_read_only: bool = False
    last_commit_date: Milliseconds = Milliseconds(0)
    sha: str
    spec_branch_type: str = ""


class GitBranchesData(Rows, kw_only=True):
    branches: list[GitBranch] = field(default_factory=list)
    total_count: int


class Committer(CodingStruct, kw_only=True):
    email: str = ""
    name: str = ""


class GitCommit(CodingStruct, kw_only=True):
    author_email: str = ""
    author_name: str = ""
    commit_date: Milliseconds = Milliseconds(0)
    committer: Committer = field(default_factory=Committer)
    created_at: Milliseconds = Milliseconds(0)
    parents: list[str] = field(default_factory=list)
    sha: str
    short_message: str = ""


class GitTagCommit(CodingStruct, kw_only=True):
    """A commit as tags have it: the committer's name and address stand beside the rest."""

    author_email: str = ""
    author_name: str = ""
    commit_date: Milliseconds = Milliseconds(0)
    committer_email: str = ""
    committer_name: str = ""
    created_at: Milliseconds = Milliseconds(0)
    parents: list[str] = field(default_factory=list)
    sha: str
    short_message: str = ""


class GitTag(CodingStruct, kw_only=True):
    commit: GitTagCommit
    message: str = ""
    tag_name: str


class GitFileContent(CodingStruct, kw_only=True):
    content: str = ""
    is_text: bool = False
    is_lfs: bool = False
    is_large_file_storage: bool = False


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


class BranchesResponse(Response, kw_only=True):
    branches: list[GitBranch] = field(default_factory=list)
    total_count: int = 0


class BranchListResponse(Response, kw_only=True):
    git_branches_data: GitBranchesData


class TagsResponse(Response, kw_only=True):
    git_tags: list[GitTag] = field(default_factory=list)


class TagResponse(Response, kw_only=True):
    git_tag: GitTag


class CommitsResponse(Response, kw_only=True):
    commits: list[GitCommit] = field(default_factory=list)


class FileContentResponse(Response, kw_only=True):
    git_file_content: GitFileContent


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
