"""Whoever took part, as the platform told of them; what they are in it only for those who may see members."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from matou.errors import NotFound, Phrase
from matou.forge.access import Action
from matou.i18n import localize
from matou.model.metadata import MemberGrant, Participant
from matou.model.metadata.kinds import MEMBER
from matou.server.web.conversation.saved_page import PersonName, Saved, SavedPage, open_saved, original_url, shown
from matou.server.web.page import PER_PAGE, HtmlPage, Paging, WebRequest

ROLES: Final[Mapping[str, Phrase]] = {
    "guest": Phrase("Guest"),
    "reporter": Phrase("Reporter"),
    "developer": Phrase("Developer"),
    "maintainer": Phrase("Maintainer"),
    "owner": Phrase("Owner"),
}


class NoSuchParticipant(NotFound):
    """Nobody of this key took part here."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody. `role`, `email` and `url` are empty where they are not known, or not for this viewer."""

    who: PersonName
    login: str
    role: str
    is_gone: bool
    email: str
    url: str


def show_people(view: WebRequest, granted: Saved, words: tuple[str, ...]) -> HtmlPage:
    page = open_saved(view, granted, "people")
    if words:
        return _person(page, "/".join(words))
    etag = page.etag("people")
    people = sorted(page.conversation.people().items(), key=lambda pair: _order(page, *pair))
    rows = [_row(page, key, one) for key, one in people[view.offset : view.offset + PER_PAGE]]
    return page.html("people.html", {"rows": rows, "paging": Paging(view.number, len(people))}, etag)


def _person(page: SavedPage, key: str) -> HtmlPage:
    """Raises NoSuchParticipant."""
    etag = page.etag("person")
    found = page.conversation.people().get(key)
    if found is None:
        raise NoSuchParticipant("there is nobody here called {name}", name=repr(key)[:100])
    values = {"row": _row(page, key, found), "lists": _lists(page, key)}
    return page.html("saved_person.html", values, etag)


def _order(page: SavedPage, key: str, one: Participant) -> tuple[bool, bool, str]:
    """Members first, where they may be seen; then by name."""
    grants = _members(page)
    return key not in grants, one.state not in (None, "active"), (one.name or one.login).casefold()


def _members(page: SavedPage) -> Mapping[str, MemberGrant]:
    return page.conversation.table(MEMBER) if page.conversation.may(Action.SEE_MEMBERS) else {}


def _row(page: SavedPage, key: str, one: Participant) -> PersonRow:
    grant = _members(page).get(key)
    about = page.conversation.about()
    sees_all = page.conversation.sees_personal_data
    return PersonRow(
        page.person(key) or PersonName(shown(key), ""),
        shown(one.login, 100),
        "" if grant is None else localize(ROLES[grant.role]),
        grant is not None and grant.gone_in is not None,
        shown(one.email or "") if sees_all else "",
        "" if about is None else original_url(one.url, about.host, about.platform),
    )


def _lists(page: SavedPage, key: str) -> list[tuple[str, str]]:
    """What they said and did, as lists: by the filter's name, and where it leads."""
    listed = (("issues", "author"), ("issues", "assignee"), ("changes", "author"), ("changes", "reviewer"))
    counts = page.conversation.count_states()
    kinds = {"issues": "issue", "changes": "change"}
    there = {kind for kind, _state in counts}
    return [
        (f"{word} {filter_}", f"{page.url(word)}?{urlencode({filter_: key, 'state': 'all'}, errors='replace')}")
        for word, filter_ in listed
        if kinds[word] in there
    ]
