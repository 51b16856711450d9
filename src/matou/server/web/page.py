"""What a view takes, and what it gives."""

import hashlib
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from matou import __version__
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import NotFound, Phrase, Refused
from matou.forge.access import (
    Action,
    Administrator,
    Authorized,
    Identity,
    MayManageAccount,
    MayReadCode,
    are_open_backups_local,
    authorize,
    authorize_account,
    authorize_administration,
    may,
    may_oversee,
)
from matou.forge.content.contents import object_at
from matou.forge.content.past import PastNamespace, PastState
from matou.forge.conversation.overview import SavedKinds, saved_kinds, saved_kinds_of_project, saved_kinds_then
from matou.forge.forge import Forge
from matou.server.api.links import quoted
from matou.server.byte_ranges import Part, read_range
from matou.server.state import ServerState
from matou.server.streaming import Header
from matou.server.web.addresses import SEPARATOR
from matou.server.web.forms import NO_FORM, Form
from matou.server.web.navigation import NavigationLink, menu_of, tabs_of, tabs_of_project
from matou.server.web.rendered_pages import AlreadyRendered, RenderedPageCache, page_key
from matou.server.web.sessions import Visitor

PER_PAGE = 50
SIGN_IN = "sign-in"
"""In the query of any page: the form that signs in comes first, and leads on to the page."""

MOST_PAGES = 1_000_000


class SessionNeeded(Exception):
    """The page is for whoever signed in with this browser: the form for that comes first, and then the page."""


class Unchanged(Exception):
    """The browser has this page already. `etag` is the one that it said."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """What is to be shown: a template's name and what it speaks of.

    Attributes:
        etag: of `WebRequest.unless_known`; empty where the page must be made anew each time.
        headers: that the answer has besides, such as a cookie.
        embeds: a file of this server's is shown by the browser's own reader of such files.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    etag: str = ""
    headers: tuple[Header, ...] = ()
    embeds: bool = False


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One look at a page.

    Attributes:
        visitor: who looks at it.
        client: the address that it comes from, as failures are counted.
        browser: which kind it is, in a few words.
        segments: of the path, each decoded once; bytes that are not UTF-8 by `surrogateescape`.
        query: the last value of each name.
        base: what whole addresses begin with (`server.origin`).
        language: `zh` or `en`.
        theme: `light`, `dark`, or empty where the browser decides.
        known: the entity tags that the browser has.
        form: what was sent; empty for a page that is only looked at.
        caller: who it is, as turns are counted.
        wanted_range, if_range: the headers Range and If-Range, of a GET; empty where there are none.
        past: the repository or the project as of the run that the address names; None where it names none.
        database_version: as it was before anything was looked up; None where the database does not tell.
    """

    state: ServerState
    visitor: Visitor
    segments: tuple[str, ...]
    query: Mapping[str, str]
    base: str
    language: str
    theme: str
    known: Sequence[str] = ()
    form: Form = NO_FORM
    caller: Hashable = None
    past: PastState | PastNamespace | None = None
    client: str = ""
    browser: str = ""
    wanted_range: str = ""
    if_range: str = ""
    database_version: int | None = None

    @property
    def identity(self) -> Identity:
        return self.visitor.identity

    @property
    def account(self) -> Authorized[User, MayManageAccount]:
        """The account that is signed in with this browser; a token or password in a header is not enough.

        Raises:
            SessionNeeded: nobody is.
        """
        user = self.identity.user
        if self.visitor.session is None or user is None:
            raise SessionNeeded
        return authorize_account(self.identity, MayManageAccount, user)

    @property
    def administrator(self) -> Administrator:
        """Whoever administers the server, signed in with this browser. Raises SessionNeeded, NotAllowed."""
        return authorize_administration(self.account.identity)

    @property
    def forge(self) -> Forge:
        return self.state.forge

    @property
    def number(self) -> int:
        """Which page of a list, from 1 on; 1 where there is no number."""
        return max(1, self.number_of("page") or 1)

    @property
    def line(self) -> int:
        """Which line of a file is asked for, from 1 on."""
        return max(1, self.number_of("line") or 1)

    def number_of(self, name: str) -> int | None:
        """A number that the query has; None where it has none."""
        requested = self.query.get(name, "")
        is_number = requested.isascii() and requested.isdigit() and len(requested) < 8
        return min(int(requested), MOST_PAGES) if is_number else None

    @property
    def offset(self) -> int:
        return (self.number - 1) * PER_PAGE

    def part_of(self, size_bytes: int, etag: str) -> Part:
        """Which bytes are asked for; all of them where the browser has a part of something else (RFC 9110, 13.1.5).

        Raises:
            UnsatisfiableRange: they lie outside.
        """
        is_same = self.if_range in ("", etag)
        return read_range(self.wanted_range.encode("latin-1", "replace") if is_same else b"", size_bytes)

    @property
    def address(self) -> str:
        """The page's own, from the server's root on."""
        query = f"?{urlencode(self.query, errors='surrogateescape')}" if self.query else ""
        return "/" + "/".join(quoted(segment) for segment in self.segments) + query

    @property
    def address_now(self) -> str:
        """That of the repository as of now: what one looks at may be gone."""
        return "/" + "/".join(quoted(segment) for segment in self.segments[: self.segments.index(SEPARATOR)])

    @property
    def words_behind(self) -> tuple[str, ...]:
        """What stands behind the separator, and behind the run."""
        place = self.segments.index(SEPARATOR) + 1 if SEPARATOR in self.segments else len(self.segments)
        return self.segments[place + (self.past is not None) :]

    @property
    def address_of_now(self) -> str:
        """This same page's as of now."""
        front = self.segments[: self.segments.index(SEPARATOR) + 1]
        return "/" + "/".join(quoted(segment) for segment in (*front, *self.words_behind))

    def at_page(self, number: int) -> str:
        """This list's address at another of its pages."""
        return "?" + urlencode({**self.query, "page": str(number)}, errors="surrogateescape")

    def at(self, **changes: str) -> str:
        """This list's address with other filters, at its first page; an empty one is none."""
        query = {**self.query, **changes}
        query.pop("page", None)
        return "?" + urlencode({name: text for name, text in query.items() if text}, errors="surrogateescape")

    @property
    def menu(self) -> Iterable[NavigationLink]:
        """Without what is hidden from the viewer."""
        is_hidden = not may_oversee(self.forge, self.identity)
        return menu_of(self.segments, hidden=frozenset({"overview"} if is_hidden else ()))

    @property
    def is_administrator(self) -> bool:
        """For what is shown in a menu; pages ask `administrator`."""
        return self.visitor.session is not None and self.identity.user is not None and self.identity.user.admin

    @property
    def sign_in_url(self) -> str:
        """The same page's, so that a page that is hidden says no more than one that is not there."""
        if self.segments[:2] == (SEPARATOR, SIGN_IN):
            return self.address
        return "?" + urlencode({**self.query, SIGN_IN: ""}, errors="surrogateescape")

    @property
    def openness(self) -> Phrase | None:
        """What whoever reads this server's pages without an account should know."""
        if self.forge.anonymous_reads_backups:
            return Phrase("Whoever reaches this address can read all that was backed up: no account is needed.")
        if are_open_backups_local(self.forge):
            return Phrase("Until the first account is made, whoever uses this machine can read all that was backed up.")
        return None

    def tabs(self, subject: Repository | Namespace) -> list[NavigationLink]:
        saved = self.saved_kinds(subject)
        tabs = tabs_of(subject, self.segments, saved, hidden=self._hidden_tabs(subject))
        if isinstance(subject, Repository) and "issue" not in saved.kinds:
            of_project = saved_kinds_of_project(self.forge, self.identity, subject)
            tabs += tabs_of_project(subject.path.namespace, of_project)
        return tabs

    def sections(self, subject: Repository | Namespace) -> list[str]:
        """Which pages stand beside the events of a repository, or the conversation of a project, for this viewer."""
        kinds = self.saved_kinds(subject).kinds
        needed = (("protections", "protection", Action.SEE_SETTINGS), ("hooks", "hook", Action.SEE_HOOKS))
        return [word for word, kind, action in needed if kind in kinds and self._may(action, subject)]

    def saved_kinds(self, subject: Repository | Namespace) -> SavedKinds:
        """What was said of which kinds, as of now or of the run that the address names."""
        past = self.past
        if past is None:
            return saved_kinds(self.forge, self.identity, subject)
        return saved_kinds_then(self.forge, self.identity, subject, past.metadata)

    def _hidden_tabs(self, subject: Repository | Namespace) -> frozenset[str]:
        shown = {"settings": self._may_see_settings(subject)}
        if isinstance(subject, Repository):
            shown |= {"kept": self.may_read_past(subject), "statistics": self._may(Action.READ_ANALYSIS, subject)}
            # What happens to a copy happens at its source.
            is_shown = subject.read_only_source is None or bool(self.sections(subject))
            may_read = self.may_read_code(subject)
            shown |= {"events": is_shown and may_read, **dict.fromkeys(("commits", "branches", "tags"), may_read)}
        return frozenset(word for word, is_shown in shown.items() if not is_shown)

    def _tabs_seen(self, subject: Repository | Namespace) -> tuple[object, ...]:
        """What the tabs of its pages depend on."""
        saved = saved_kinds(self.forge, self.identity, subject)
        seen = sorted(saved.kinds), sorted(saved.states.items()), sorted(self._hidden_tabs(subject))
        if not isinstance(subject, Repository):
            return seen
        of_project = saved_kinds_of_project(self.forge, self.identity, subject)
        return (*seen, sorted(of_project.states.items()))

    def _may_see_settings(self, subject: Repository | Namespace) -> bool:
        return self.visitor.session is not None and may(self.forge, self.identity, Action.SEE_SETTINGS, subject)

    def may_read_code(self, repository: Repository) -> bool:
        """For what is offered, such as tabs and feeds."""
        return self._may(Action.READ_CODE, repository)

    def may_read_past(self, repository: Repository) -> bool:
        return repository.read_only_source is not None and self._may(Action.READ_PAST, repository)

    def may_manage_members(self, repository: Repository) -> bool:
        return self._may(Action.MANAGE_MEMBERS, repository)

    def _may(self, action: Action, subject: Repository | Namespace) -> bool:
        """For what is offered; pages themselves are granted what they show."""
        key = ("offered", self.identity, type(subject).__name__, subject.id, action)
        return self.forge.answers.recall(key, lambda: (may(self.forge, self.identity, action, subject),))[0]

    def code(self, repository: Repository) -> Authorized[Repository, MayReadCode]:
        """The right to read it, as of the run that the address names.

        Raises:
            NotFound, Refused: this viewer may not read it.
        """
        if isinstance(self.past, PastState) and self.past.code.subject.id == repository.id:
            return self.past.code
        return authorize(self.forge, self.identity, MayReadCode, repository)

    def has_commits(self, repository: Repository) -> bool:
        """Whether a history can be read behind its default branch."""
        try:
            object_at(self.forge, self.code(repository), "")
        except (NotFound, Refused):
            return False
        return True

    def unless_known(self, *parts: object) -> str:
        """The entity tag of a page that these parts, the viewer and the program decide.

        With a repository or a namespace among them, or in a mapping that is, come the tabs that its pages have.

        Raises:
            Unchanged: the browser has it.
            AlreadyRendered: this viewer would get what was made before.
        """
        visitor, user = self.visitor, self.identity.user
        viewer = (user, None if visitor.session is None else visitor.form_token, self.openness)
        parts = (*parts, *(self._tabs_seen(one) for one in _subjects(parts)))
        seen = (__version__, self.language, self.theme, self.base, viewer, self.segments, sorted(self.query.items()))
        digest = hashlib.sha256(repr((seen, parts)).encode("utf-8", "surrogateescape")).hexdigest()
        etag = f'W/"{digest[:32]}"'
        if etag in self.known:
            raise Unchanged(etag)
        key = page_key(etag, self.identity, self.database_version)
        content = None if key is None else self.forge.memory(RenderedPageCache).known.get(key)
        if content is not None:
            raise AlreadyRendered(etag, content)
        return etag


def _subjects(parts: Iterable[object]) -> Iterator[Repository | Namespace]:
    for part in parts:
        if isinstance(part, Repository | Namespace):
            yield part
        elif isinstance(part, Mapping):
            yield from _subjects(part.values())


@dataclass(frozen=True, slots=True)
class Paging:
    """Where one is in a list of `total` rows, which begins at page 1."""

    number: int
    total: int
    size: int = PER_PAGE

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def has_more(self) -> bool:
        return self.number < self.last
