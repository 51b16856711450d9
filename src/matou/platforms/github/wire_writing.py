"""What a migration to GitHub reads besides what a backup does.

Of the import of issues no document is left but the one that it was announced with:
https://gist.github.com/jonmagic/5282384165e0f86ef105: still answered, by github.com and by GitHub Enterprise Server.
"""

import msgspec


class GitHubImportFault(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """`location` says which part of what was sent: `/issue/due_on`."""

    location: str | None = None
    code: str | None = None
    value: object = None

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.location, self.code) if part)


class GitHubImport(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """An issue on its way in.

    Attributes:
        status: pending, imported, failed.
        issue_url: of the API; where it is imported.
    """

    id: int
    status: str
    issue_url: str | None = None
    errors: list[GitHubImportFault] | None = None


class GitHubSentAsset(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A file of a release.

    Attributes:
        name: in the letters that GitHub leaves of it.
        label: as it was called when it was sent.
        state: uploaded; anything else is one whose upload was cut off.
    """

    id: int
    name: str
    label: str | None = None
    state: str = "uploaded"


class GitHubSentRelease(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One of `GET …/releases`."""

    id: int
    tag_name: str
    name: str | None = None
    body: str | None = None
    html_url: str | None = None
    assets: list[GitHubSentAsset] | None = None
