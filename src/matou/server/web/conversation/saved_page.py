"""One look at what was said around a repository or a project: who may, what of it, and what each of its pages says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import NotFound, Refused
from matou.forge.access import (
    Action,
    Authorized,
    MayReadCode,
    MayReadConversation,
    MaySee,
    authorize,
)
from matou.forge.content.past import runs_of_source
from matou.forge.content.references import known_refs
from matou.forge.conversation.conversation import Conversation, open_conversation
from matou.forge.conversation.past import open_past_conversation
from matou.markup import without_controls
from matou.model.metadata import AttachedFile, LabelDefinition, Milestone, PersonKey
from matou.model.metadata.kinds import LABEL, MILESTONE
from matou.platforms.registry import PLATFORMS, title_of
from matou.server.web.addresses import run_url, subject_url
from matou.server.web.page import HtmlPage, WebRequest

Saved = Authorized[Repository | Namespace, MaySee]

LONGEST_NAME: Final = 300
MOST_EARLIER: Final = 5
MOST_NAMES: Final = 50
"""Of a list that an item has: labels, people, files."""

_SEEN: Final = (Action.READ_CONFIDENTIAL, Action.SEE_MEMBERS, Action.SEE_PERSONAL_DATA, Action.SEE_HOOKS)


@dataclass(frozen=True, slots=True)
class PersonName:
    """Somebody as a page names them; `href` is empty where nothing more is known, `state` for who is there still."""

    name: str
    href: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class LabelChip:
    """A label as a page shows it. `color` is six digits, or empty."""

    name: str
    color: str
    href: str


@dataclass(frozen=True, slots=True)
class SourceNote:
    """Where and when something was saved. `url` is its page there, if that can be told for sure."""

    platform: str
    host: str
    run: int
    at: Any
    url: str = ""


@dataclass(frozen=True, slots=True)
class PastPage:
    """The same page as of an earlier run."""

    run: int
    at: datetime
    href: str


@dataclass(frozen=True)
class SavedPage:
    """For one request.

    Attributes:
        word: of the pages that this one belongs to, as `issues`.
    """

    view: WebRequest
    conversation: Conversation[Any]
    word: str

    @property
    def subject(self) -> Repository | Namespace:
        found: Repository | Namespace = self.conversation.granted.subject
        return found

    def etag(self, *parts: object) -> str:
        """Of a page that the metadata, what this viewer may see of it and the refs decide. Raises Unchanged."""
        seen = tuple(self.conversation.may(action) for action in _SEEN)
        refs = None if self.code is None else known_refs(self.view.forge, self.code).state
        commit = None if self.conversation.indexed is None else self.conversation.indexed.commit_id
        earlier = [one.run for one in self.earlier()]
        return self.view.unless_known(self.subject, commit, seen, refs, earlier, *parts)

    def html(self, template: str, values: Mapping[str, object], etag: str) -> HtmlPage:
        is_repository = isinstance(self.subject, Repository)
        common: dict[str, object] = {
            "subject": self.subject,
            "repository": self.subject if is_repository else None,
            "namespace": None if is_repository else self.subject,
            "word": self.word,
            "kinds": self.view.saved_kinds(self.subject),
            "sections_beside": self.view.sections(self.subject),
            "source": self.source(),
            "earlier": self.earlier(),
        }
        return HtmlPage(template, {**common, **values}, etag=etag)

    def url(self, *segments: str) -> str:
        return subject_url(self.subject.path, *(without_controls(segment) for segment in segments))

    def source(self, original: str | None = None) -> SourceNote | None:
        """Args: original: the address of an item's page at the platform, which is believed no further than its host."""
        tree, about = self.conversation.tree, self.conversation.about()
        if tree is None or about is None:
            return None
        url = original_url(original, about.host, about.platform)
        return SourceNote(title_of(about.platform), about.host, about.run, tree.saved_at, url)

    def earlier(self) -> list[PastPage]:
        """This same page as of the newest runs before the one that is shown, for whoever may read earlier states."""
        subject, view = self.subject, self.view
        source = subject.read_only_source if isinstance(subject, Repository) else subject.source
        if source is None or not self.conversation.may(Action.READ_PAST):
            return []
        newest = None if view.past is None else view.past.saved_by.run
        runs = [one for one in runs_of_source(view.forge, source) if newest is None or one.run < newest]
        words = view.words_behind
        return [
            PastPage(one.run, one.started_at, run_url(subject.path, one.run, *words))
            for one in runs[::-1][: MOST_EARLIER + 1][newest is None :]
        ]

    def person(self, key: PersonKey | None) -> PersonName | None:
        """None where nobody is named. Whoever stands in no list has the key as a name."""
        if not key:
            return None
        found = self.conversation.people().get(key)
        href = self.url("people", key)
        if found is None:
            return PersonName(shown(key), "")
        return PersonName(shown(found.name or found.login), href, "" if found.state == "active" else found.state or "")

    def people(self, keys: Iterable[PersonKey]) -> list[PersonName]:
        return [one for key in list(keys)[:MOST_NAMES] if (one := self.person(key)) is not None]

    def labels(self, names: Iterable[str]) -> list[LabelChip]:
        """A label that was deleted has its name still."""
        table: Mapping[str, LabelDefinition] = self.conversation.table(LABEL)
        chosen = list(names)[:MOST_NAMES]
        return [self.label(name, table.get(name)) for name in chosen]

    def label(self, name: str, known: LabelDefinition | None) -> LabelChip:
        """Leads to what has it, in the list that this page belongs to."""
        listing = self.word if self.word in ("issues", "changes") else "issues"
        query = urlencode({"label": name, "state": "all"}, errors="replace")
        return LabelChip(shown(name), color_of(known), f"{self.url(listing)}?{query}")

    def milestone(self, number: str | None, kind: str = "milestone") -> Milestone | None:
        if not number:
            return None
        key = number if kind == "milestone" else f"{kind}/{number}"
        found: Milestone | None = self.conversation.table(MILESTONE).get(key)
        return found

    def file_url(self, file: AttachedFile) -> str:
        """Where its bytes are; empty where they were not saved."""
        return "" if file.sha256 is None else self.url("files", file.sha256, file_name(file.name))

    @cached_property
    def code(self) -> Authorized[Repository, MayReadCode] | None:
        """None where there is none, or this viewer may not read it."""
        subject = self.subject
        if not isinstance(subject, Repository):
            return None
        try:
            return self.view.code(subject)
        except (NotFound, Refused):
            return None


def open_saved(view: WebRequest, granted: Saved, word: str) -> SavedPage:
    """Raises as `authorize`, and Damaged."""
    forge, identity, subject = view.forge, view.identity, granted.subject
    past = view.past
    if isinstance(subject, Repository):
        of_repository = authorize(forge, identity, MayReadConversation, subject)
        if past is not None:
            return SavedPage(view, open_past_conversation(forge, of_repository, past.metadata), word)
        return SavedPage(view, open_conversation(forge, of_repository), word)
    of_namespace = authorize(forge, identity, MayReadConversation, subject)
    if past is not None:
        return SavedPage(view, open_past_conversation(forge, of_namespace, past.metadata), word)
    return SavedPage(view, open_conversation(forge, of_namespace), word)


def shown(text: str, most: int = LONGEST_NAME) -> str:
    """A name as a page can have it: one line, no control characters, no longer than a line or two."""
    plain = without_controls(text[: most + 1].replace("\n", " ").replace("\r", " "))
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def file_name(name: str) -> str:
    """As the last part of an address: without a slash, and never empty."""
    return without_controls(name.replace("/", "_"))[:200].strip(". ") or "file"


def color_of(label: LabelDefinition | None) -> str:
    color = "" if label is None else label.color.lower()
    return color if len(color) == 6 and all(digit in "0123456789abcdef" for digit in color) else ""


def original_url(url: str | None, host: str, platform: str) -> str:
    """The address of a page at the platform, if it is one: of the host that was saved from, or of the platform's."""
    try:
        parts = urlsplit((url or "").strip())
        named, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or parts.username is not None or not url or len(url) > 2000:
        return ""
    known = PLATFORMS.get(platform)
    saved_from = host.partition(":")[0]
    home = None if known is None or port is not None else known.instance_of(saved_from)
    is_there = named == saved_from or (home is not None and home.has(named))
    return url.strip() if is_there and without_controls(url) == url else ""
