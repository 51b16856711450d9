"""Atom feeds (RFC 4287) of commits, releases and events: what the viewer's pages show, and no key in any address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode, MaySee
from matou.forge.content.history import CommitQuery, browse_commits
from matou.forge.content.revisions import NoSuchRevision
from matou.forge.repositories.activity import ShownEvent, activity
from matou.git.odb.objects import Commit
from matou.i18n import gettext as _
from matou.markup import without_controls
from matou.server.web.addresses import subject_url
from matou.server.web.conversation.saved_page import SavedPage, open_saved, shown
from matou.server.web.event_texts import EventText, EventTexts
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.rendering import render
from matou.server.web.revision_paths import RevisionPath, read_revision_path
from matou.server.web.views.commits import show_commits
from matou.server.web.views.releases import latest_releases

ENDING: Final = ".atom"
ENTRIES: Final = 30
LONGEST_TEXT: Final = 2000


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """`href` is from the server's root on, and tells one entry from all others."""

    title: str
    href: str
    at: datetime | None
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Feed:
    title: str
    page: str
    entries: Sequence[FeedEntry]

    @property
    def updated(self) -> datetime | None:
        return max((entry.at for entry in self.entries if entry.at is not None), default=None)


def show_commits_or_feed(
    view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]
) -> HtmlPage | Response:
    """`main.atom` is the feed of `main`, unless a branch is called so."""
    place = _revision_of_feed(view, granted, words)
    return show_commits(view, granted, words) if place is None else _commits_feed(view, granted, place)


def show_releases_feed(view: WebRequest, granted: Authorized[Repository, MaySee], _words: tuple[str, ...]) -> Response:
    page = open_saved(view, granted, "releases")
    etag = page.etag("releases feed")
    path = page.subject.path
    found, _total = latest_releases(page, offset=0, limit=ENTRIES)
    entries = [
        FeedEntry(
            shown(one.name or one.tag),
            page.url("releases", one.tag),
            one.published_at or one.at,
            _author(page, one.by),
            "" if one.text is None else without_controls(one.text.body[:LONGEST_TEXT]),
        )
        for one in found
    ]
    return _answer(view, Feed(f"{path} · {_('Releases')}", subject_url(path, "releases"), entries), etag)


def show_events_feed(view: WebRequest, granted: Authorized[Repository, MaySee], _words: tuple[str, ...]) -> Response:
    code = view.code(granted.subject)
    path = code.subject.path
    found, _has_more = activity(view.forge, code, limit=ENTRIES)
    etag = view.unless_known(code.subject, found)
    texts, page = EventTexts(view, code), subject_url(path, "events")
    entries = [_event(page, event, texts.of(event)) for event in found]
    return _answer(view, Feed(f"{path} · {_('Events')}", page, entries), etag)


def _revision_of_feed(
    view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]
) -> RevisionPath | None:
    if not words or not words[-1].endswith(ENDING):
        return None
    code = view.code(granted.subject)
    for given in (words, (*words[:-1], words[-1].removesuffix(ENDING))):
        try:
            place = read_revision_path(view.forge, code, given)
        except NoSuchRevision:
            continue
        return place if given is not words and place.path is None else None
    return None


def _commits_feed(view: WebRequest, granted: Authorized[Repository, MaySee], place: RevisionPath) -> Response:
    code: Authorized[Repository, MayReadCode] = view.code(granted.subject)
    etag = view.unless_known(place, code.subject)
    commits, _has_more = browse_commits(view.forge, code, place.start, CommitQuery(), offset=0, limit=ENTRIES)
    path = code.subject.path
    page = subject_url(path, "commits", place.revision)
    entries = [_commit(subject_url(path, "commit", commit.id), commit) for commit in commits]
    return _answer(view, Feed(f"{path} · {shown(place.revision)}", page, entries), etag)


def _commit(href: str, commit: Commit) -> FeedEntry:
    text = without_controls(commit.message[:LONGEST_TEXT])
    return FeedEntry(shown(commit.subject) or commit.id, href, commit.committer.at, shown(commit.author.name), text)


def _event(path_url: str, event: ShownEvent, text: EventText) -> FeedEntry:
    """Events have no page of their own: the moment tells them apart."""
    href = f"{path_url}#{event.kind.value}-{event.created_at:%Y%m%dT%H%M%S.%f}"
    return FeedEntry(text.line, href, text.at, shown(text.who), "")


def _author(page: SavedPage, key: str | None) -> str:
    person = page.person(key)
    return "" if person is None else person.name


def _answer(view: WebRequest, feed: Feed, etag: str) -> Response:
    content = render("feed.xml", {"feed": feed, "view": view, "address": view.address.partition("?")[0]})
    headers = {"etag": etag, "cache-control": "private, no-cache", "vary": "Accept-Language, Authorization, Cookie"}
    return Response(content, media_type="application/atom+xml", headers=headers)
