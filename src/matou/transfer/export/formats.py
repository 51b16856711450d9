"""The table of formats: what writes one repository in each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from matou.errors import Phrase

if TYPE_CHECKING:
    from matou.transfer.export.source import ExportSource


class WriteSource(Protocol):
    def __call__(self, source: "ExportSource", *, language: str) -> int:
        """Write one repository or namespace into its folder; how many items it wrote."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format. Its writer is imported when it is asked for: pages need libraries that lines do not.

    Attributes:
        has_code: whether branches and tags are in it, so that repositories are written about which nothing was said.
        warning: what whoever uses it has to know.
    """

    load: Callable[[], WriteSource]
    has_start_page: bool = False
    has_code: bool = False
    warning: Phrase | None = None


def _html() -> WriteSource:
    from matou.transfer.export.html_site import write_html

    return write_html


def _json_lines() -> WriteSource:
    from matou.transfer.export.json_lines import write_json_lines

    return write_json_lines


def _csv() -> WriteSource:
    from matou.transfer.export.csv_tables import write_csv

    return write_csv


def _xlsx() -> WriteSource:
    from matou.transfer.export.xlsx_workbook import write_xlsx

    return write_xlsx


def _markdown() -> WriteSource:
    from matou.transfer.export.markdown_files import write_markdown

    return write_markdown


def _gitea() -> WriteSource:
    from matou.transfer.export.gitea_dump import write_gitea

    return write_gitea


def _gitlab() -> WriteSource:
    from matou.transfer.export.gitlab.archive import write_gitlab

    return write_gitlab


NOT_TRIED: Final = Phrase(
    "these archives are held to what GitLab's import reads, and no GitLab has imported one yet: try one first; an"
    " administrator who imports gives comments to the accounts that members have there; releases that are not published"
    " stay here, as GitLab has no drafts"
)

MADE_PUBLIC: Final = Phrase(
    "Gitea makes public what `gitea restore-repo` brings, whatever the dump says: let it bring what is private into an"
    " organization that is private"
)

FORMATS: Final[Mapping[str, ExportFormat]] = {
    "html": ExportFormat(_html, has_start_page=True),
    "markdown": ExportFormat(_markdown),
    "csv": ExportFormat(_csv),
    "xlsx": ExportFormat(_xlsx),
    "jsonl": ExportFormat(_json_lines),
    "gitea": ExportFormat(_gitea, has_code=True, warning=MADE_PUBLIC),
    "gitlab": ExportFormat(_gitlab, has_code=True, warning=NOT_TRIED),
}

IMPORTED: Final = tuple(name for name, chosen in FORMATS.items() if chosen.has_code)
"""What other forges import; each has the name of the platform that does."""

FOLDER: Final = "folder"
"""What a migration to none of them is told to go to."""
