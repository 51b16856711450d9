"""Trees, files, commits, branches, tags and who wrote them, as GitCode's API v5 writes them."""

from msgspec import UNSET, UnsetType, field

from matou.platforms.gitcode.wire_base import Day, GitCodeStruct, UtcSecond, ZuluMoment, decoded


class GitCodeTreeEntry(GitCodeStruct, frozen=True, kw_only=True):
    """`type`: tree, blob or commit. `md5` is of the path, not of the content."""

    sha: str
    name: str
    type: str
    path: str
    mode: str
    md5: str


class Tree(GitCodeStruct, frozen=True, kw_only=True):
    """1."""

    tree: list[GitCodeTreeEntry]


class ContentLinks(GitCodeStruct, frozen=True, kw_only=True):
    self_: str = field(name="self")
    html: str


class Content(GitCodeStruct, frozen=True, kw_only=True):
    """2: a file, or one entry of a directory, which has no `encoding` and no `content`.

    Attributes:
        type: file, dir, symlink or submodule.
        content: in Base64.
    """

    type: str
    encoding: str | UnsetType = UNSET
    size: int = 0
    name: str
    path: str
    content: str | UnsetType = UNSET
    sha: str
    url: str = ""
    html_url: str = ""
    download_url: str | None = ""
    links: ContentLinks | UnsetType = field(name="_links", default=UNSET)

    @property
    def decoded(self) -> bytes:
        """The file's bytes; none for a directory's entry. Raises UnknownShape where it is no Base64."""
        return decoded(self.content or "", "Content.content")


class WrittenContent(GitCodeStruct, frozen=True, kw_only=True):
    """A file after it was written. The document's sample has neither `sha` nor `size` nor `type`."""

    name: str
    path: str
    url: str = ""
    html_url: str = ""
    download_url: str | None = ""
    links: ContentLinks | UnsetType = field(name="_links", default=UNSET)
    sha: str | UnsetType = UNSET
    size: int | UnsetType = UNSET
    type: str | UnsetType = UNSET


class GitCodeSignature(GitCodeStruct, frozen=True, kw_only=True):
    name: str
    email: str
    date: UtcSecond


class ZuluSignature(GitCodeStruct, frozen=True, kw_only=True):
    name: str
    email: str
    date: ZuluMoment


class Sha(GitCodeStruct, frozen=True, kw_only=True):
    sha: str
    url: str | UnsetType = UNSET


class WritingCommit(GitCodeStruct, frozen=True, kw_only=True):
    """The commit of 4, and of 5 as we write it."""

    sha: str
    author: GitCodeSignature
    committer: GitCodeSignature
    message: str
    tree: str | UnsetType = UNSET
    parents: list[Sha]


class FileCreated(GitCodeStruct, frozen=True, kw_only=True):
    """4. `content` is not in the document's sample."""

    commit: WritingCommit
    content: WrittenContent | UnsetType = UNSET


class FileUpdated(GitCodeStruct, frozen=True, kw_only=True):
    """5. `commit` is not in the document's sample."""

    content: WrittenContent
    commit: WritingCommit | UnsetType = UNSET


class DeletingCommit(GitCodeStruct, frozen=True, kw_only=True):
    """Unlike `WritingCommit`: parents are bare object ids, the tree is told, and dates have another form."""

    sha: str
    author: ZuluSignature
    committer: ZuluSignature
    message: str
    tree: str
    parents: list[str]


class FileDeleted(GitCodeStruct, frozen=True, kw_only=True):
    """6."""

    commit: DeletingCommit


class Blob(GitCodeStruct, frozen=True, kw_only=True):
    """7. `content` is in Base64."""

    sha: str
    size: int
    url: str = ""
    content: str
    encoding: str = "base64"

    @property
    def decoded(self) -> bytes:
        """The file's bytes. Raises UnknownShape where it is no Base64."""
        return decoded(self.content, "Blob.content")


class Contributor(GitCodeStruct, frozen=True, kw_only=True):
    """9."""

    name: str
    contributions: int
    email: str


class ContributionOverview(GitCodeStruct, frozen=True, kw_only=True):
    """`total_changes` is additions and deletions; the document's sample has 0."""

    additions: int
    deletions: int
    total_changes: int
    commit_count: int


class ContributionDay(GitCodeStruct, frozen=True, kw_only=True):
    date: Day
    additions: int
    deletions: int
    total_changes: int
    commit_count: int


class ContributorStatistics(GitCodeStruct, frozen=True, kw_only=True):
    """37."""

    name: str
    email: str
    overview: ContributionOverview
    contributions: list[ContributionDay]


class CommitSignature(GitCodeStruct, frozen=True, kw_only=True):
    """The date's form differs: `Z`, `.000Z`, `+00:00` and `+08:00` were all seen; we write `+00:00`."""

    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    date: UtcSecond


class CommitBody(GitCodeStruct, frozen=True, kw_only=True):
    """What git itself knows of a commit."""

    author: CommitSignature
    committer: CommitSignature
    tree: Sha | UnsetType = UNSET
    message: str


class CommitPerson(GitCodeStruct, frozen=True, kw_only=True):
    """The user whom an e-mail address belongs to; of nobody's, `login` is the name in git, and no `id` is told."""

    id: int | str | UnsetType = UNSET
    login: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    date: UtcSecond | UnsetType = UNSET
    avatar_url: str | UnsetType | None = UNSET
    html_url: str | UnsetType = UNSET
    type: str | UnsetType = UNSET


class CommitStats(GitCodeStruct, frozen=True, kw_only=True):
    """Lines."""

    additions: int
    deletions: int
    total: int


class CommitFile(GitCodeStruct, frozen=True, kw_only=True):
    """`status`: added, modified, removed or renamed; `patch` only where it was asked for.

    Attributes:
        previous_filename: of a renamed one, in a comparison; ours.
        truncated: the patch is too long to be shown; only in a comparison.
    """

    sha: str | UnsetType = UNSET
    filename: str
    status: str | UnsetType = UNSET
    additions: int | UnsetType = UNSET
    deletions: int | UnsetType = UNSET
    changes: int | UnsetType = UNSET
    blob_url: str | UnsetType = UNSET
    raw_url: str | None = ""
    content_url: str | UnsetType = UNSET
    patch: str | UnsetType = UNSET
    previous_filename: str | UnsetType = UNSET
    truncated: bool | UnsetType = UNSET


class GitCodeCommit(GitCodeStruct, frozen=True, kw_only=True):
    """`GET /commits` and `GET /commits/{sha}`, which alone gives `stats` and `files`."""

    url: str = ""
    sha: str
    html_url: str = ""
    comments_url: str | None = ""
    commit: CommitBody
    author: CommitPerson | UnsetType | None = UNSET
    committer: CommitPerson | UnsetType | None = UNSET
    parents: list[Sha] | UnsetType = UNSET
    stats: CommitStats | UnsetType = UNSET
    files: list[CommitFile] | UnsetType = UNSET


class Comparison(GitCodeStruct, frozen=True, kw_only=True):
    """`GET /compare/{base}...{head}`. `total_commits` is ours; `truncated`: of files, patches or commits."""

    base_commit: GitCodeCommit
    merge_base_commit: GitCodeCommit | None
    commits: list[GitCodeCommit]
    files: list[CommitFile]
    truncated: bool
    total_commits: int | UnsetType = UNSET


class BranchSignature(GitCodeStruct, frozen=True, kw_only=True):
    name: str
    email: str
    date: ZuluMoment


class BranchCommitBody(GitCodeStruct, frozen=True, kw_only=True):
    author: BranchSignature
    committer: BranchSignature
    message: str


class BranchCommit(GitCodeStruct, frozen=True, kw_only=True):
    sha: str
    url: str = ""
    commit: BranchCommitBody


class GitCodeBranch(GitCodeStruct, frozen=True, kw_only=True):
    """A row of `GET /branches`, and what `POST /branches` answers."""

    name: str
    commit: BranchCommit
    protected: bool = False
    default_branch: bool | str | UnsetType = UNSET


class GitCodeBranchTip(GitCodeStruct, frozen=True, kw_only=True):
    """GitLab's shape of a commit. `sha` is ours, beside `id`: clients read either."""

    id: str
    sha: str | UnsetType = UNSET
    short_id: str = ""
    title: str = ""
    message: str = ""
    parent_ids: list[str] = field(default_factory=list)
    author_name: str = ""
    author_email: str = ""
    author_user_name: str | None = None
    author_avatar_url: str | UnsetType | None = UNSET
    author_iam_id: str | UnsetType | None = UNSET
    authored_date: ZuluMoment
    committer_name: str = ""
    committer_email: str = ""
    committer_user_name: str | None = None
    committer_avatar_url: str | UnsetType | None = UNSET
    committed_date: ZuluMoment
    created_at: ZuluMoment
    gpg_primary_key_id: str | UnsetType | None = UNSET
    open_gpg_verified: bool | UnsetType | None = UNSET
    relate_url: str | UnsetType | None = UNSET
    verification_status: str | int | UnsetType | None = UNSET


class BranchDetail(GitCodeStruct, frozen=True, kw_only=True):
    """`GET /branches/{name}`."""

    name: str
    commit: GitCodeBranchTip
    merged: bool = False
    protected: bool = False
    developers_can_push: bool = False
    developers_can_merge: bool = False
    can_push: bool = False
    default: bool = False


class TagCommit(GitCodeStruct, frozen=True, kw_only=True):
    sha: str
    date: UtcSecond


class GitCodeTag(GitCodeStruct, frozen=True, kw_only=True):
    """`GET /tags` and `POST /tags`. `tagger` is None and `message` empty where the tag is no object of its own."""

    name: str
    message: str | None = ""
    commit: TagCommit
    tagger: GitCodeSignature | None = None
