"""What GitCode's API v5 answers to whoever makes something. Sources as in `wire_issues`."""

from msgspec import UNSET, UnsetType

from matou.platforms.gitcode.wire_base import GitCodeStruct


class GitCodeMadeItem(GitCodeStruct, frozen=True, kw_only=True):
    """An issue or a pull request that was just made, as far as anybody needs it.

    Attributes:
        number: a number or a text of digits; not in all answers that were seen.
    """

    number: str | UnsetType = UNSET
    iid: str | UnsetType = UNSET
    html_url: str | UnsetType | None = UNSET
    web_url: str | UnsetType | None = UNSET


class GitCodeMadeComment(GitCodeStruct, frozen=True, kw_only=True):
    id: str
    body: str | UnsetType | None = UNSET


class GitCodeUploadAddress(GitCodeStruct, frozen=True, kw_only=True):
    """Where a file of a release is to go, and with which headers; both carry what lets it in."""

    url: str
    headers: dict[str, str] | UnsetType = UNSET
