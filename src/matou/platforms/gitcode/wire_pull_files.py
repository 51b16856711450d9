"""What a pull request changes: `GET …/pulls/{number}/files`, and `files.json` beside it, line by line."""

from typing import Final, Literal

from matou.platforms.gitcode.wire_base import GitCodeStruct
from matou.platforms.gitcode.wire_pulls import GitCodeDiffRefs

TEXT_FILE: Final = "text_type"
BINARY_FILE: Final = "binary_type"


class GitCodePullPatch(GitCodeStruct, frozen=True, kw_only=True):
    """`diff`: from the first `@@` on."""

    old_path: str
    new_path: str
    a_mode: str
    b_mode: str
    new_file: bool
    renamed_file: bool
    deleted_file: bool
    too_large: bool
    added_lines: int
    removed_lines: int
    diff: str


class GitCodePullFile(GitCodeStruct, frozen=True, kw_only=True):
    """Of the counts the document's examples have texts, and the running API numbers. `sha` is the commit's."""

    sha: str
    blob_id: str
    filename: str
    status: str | None = None
    additions: int
    deletions: int
    blob_url: str
    raw_url: str | None
    patch: GitCodePullPatch


class GitCodeLineNumber(GitCodeStruct, frozen=True, kw_only=True):
    """A text, empty for a line that this side has not."""

    line_code: str
    line_num: str


class GitCodeDiffLine(GitCodeStruct, frozen=True, kw_only=True, omit_defaults=True):
    """A line without its sign; one that both sides have keeps the blank, and has no type.

    Where lines are left out stands what git says of it, with `...` for both numbers and the type `match`.
    """

    line_content: str
    new_line: GitCodeLineNumber | Literal["..."]
    old_line: GitCodeLineNumber | Literal["..."]
    type: Literal["old", "new", "match"] | None = None


class GitCodeDiffText(GitCodeStruct, frozen=True, kw_only=True):
    text: list[GitCodeDiffLine]


class GitCodeDiffHead(GitCodeStruct, frozen=True, kw_only=True):
    commit_id: str
    url: str


class GitCodeDiffStatistic(GitCodeStruct, frozen=True, kw_only=True):
    """`view`: the difference is too long to be shown with the others."""

    new_path: str
    old_path: str
    path: str
    type: str
    view: bool


class GitCodeFileDiff(GitCodeStruct, frozen=True, kw_only=True):
    """`old_path` and `new_path` beside `statistic` are what `gc` reads."""

    added_lines: int
    remove_lines: int
    content: GitCodeDiffText
    head: GitCodeDiffHead
    new_blob_id: str
    old_path: str
    new_path: str
    statistic: GitCodeDiffStatistic


class GitCodePullFiles(GitCodeStruct, frozen=True, kw_only=True):
    added_lines: int
    remove_lines: int
    code: int = 0
    count: int
    diff_refs: GitCodeDiffRefs
    diffs: list[GitCodeFileDiff]
