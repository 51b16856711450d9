"""What happened to a repository, in words that a page and a feed share."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pygit2

from matou.db.repositories import Repository
from matou.errors import Conflict, Damaged, Phrase
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES, TAGS
from matou.forge.repositories.activity import ShownEvent
from matou.git.odb.objects import open_repository
from matou.i18n import localize, ngettext
from matou.model.events import EventKind
from matou.server.web.addresses import subject_url
from matou.server.web.conversation.saved_page import shown
from matou.server.web.page import WebRequest

_LABELS: Final[Mapping[EventKind, Phrase]] = {
    EventKind.PUSH: Phrase("Pushed"),
    EventKind.BRANCH_CREATED: Phrase("Branch created"),
    EventKind.BRANCH_DELETED: Phrase("Branch deleted"),
    EventKind.TAG_CREATED: Phrase("Tag created"),
    EventKind.TAG_DELETED: Phrase("Tag deleted"),
    EventKind.MEMBER_ADDED: Phrase("Member added"),
    EventKind.MEMBER_CHANGED: Phrase("Role changed"),
    EventKind.MEMBER_REMOVED: Phrase("Member removed"),
    EventKind.STARRED: Phrase("Starred"),
    EventKind.UNSTARRED: Phrase("Star taken back"),
    EventKind.WATCHED: Phrase("Watched"),
    EventKind.UNWATCHED: Phrase("No longer watched"),
    EventKind.FORKED: Phrase("Forked"),
    EventKind.CREATED: Phrase("Created"),
    EventKind.RENAMED: Phrase("Renamed"),
    EventKind.TRANSFERRED: Phrase("Transferred"),
    EventKind.ARCHIVED: Phrase("Archived"),
    EventKind.REOPENED: Phrase("Opened again"),
    EventKind.SETTINGS_CHANGED: Phrase("Settings changed"),
    EventKind.VISIBILITY_CHANGED: Phrase("Visibility changed"),
    EventKind.UPLOADED: Phrase("File uploaded"),
}
_ID: Final = re.compile("[0-9a-f]{40}\\Z")
_DETAILS: Final = ("old_path", "new_path", "username", "role", "visibility", "path", "changed", "names")
"""Those that say something to people, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class EventText:
    """Attributes:
    ref: the short name of the branch or tag that it was; empty for other events. `ref_href` leads there, if it is
        there still; `compare_href` to what a push brought, if both ends are.
    more: what else there is to tell, in one line.
    """

    label: str
    who: str
    at: datetime
    ref: str = ""
    ref_href: str = ""
    compare_href: str = ""
    more: str = ""

    @property
    def line(self) -> str:
        return " ".join(filter(None, (self.label, self.ref, self.more)))


class EventTexts:
    """Of one repository, as whoever reads its code may have them."""

    def __init__(self, view: WebRequest, code: Authorized[Repository, MayReadCode]) -> None:
        self._path = code.subject.path
        self._refs = ref_listing(view.forge, code).refs
        self._opened = _opened(view.forge.git_dir(code.subject))

    def of(self, event: ShownEvent) -> EventText:
        ref = str(event.details.get("ref", ""))
        name = ref.removeprefix(BRANCHES).removeprefix(TAGS)
        return EventText(
            localize(_LABELS[event.kind]),
            "" if event.user is None else event.user.name,
            event.created_at,
            ref=shown(name),
            ref_href=subject_url(self._path, "tree", name) if ref in self._refs else "",
            compare_href=self._compare(event),
            more=shown(_more(event.details)),
        )

    def _compare(self, event: ShownEvent) -> str:
        ends = [str(event.details.get(key) or "") for key in ("before", "after")]
        is_there = event.kind is EventKind.PUSH and all(self._has(end) for end in ends)
        return subject_url(self._path, "compare", "..".join(ends)) if is_there else ""

    def _has(self, end: str) -> bool:
        return self._opened is not None and _ID.match(end) is not None and end in self._opened


def _opened(git_dir: Path) -> pygit2.Repository | None:
    """None for one whose commits have no pages: what happened is told all the same."""
    try:
        return open_repository(git_dir)
    except (Conflict, Damaged):
        return None


def _more(details: Mapping[str, object]) -> str:
    refs = details.get("refs")
    if isinstance(refs, int):
        return ngettext("{count} ref", "{count} refs", refs).format(count=refs)
    others = [_said(details[key]) for key in _DETAILS if key in details]
    return " → ".join(others) or str(details.get("title") or "")


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
