"""One box, and what is found in groups: repositories, what was said, code, commits, all of which one may read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import RedirectResponse, Response

from matou.db.repositories import Repository
from matou.errors import Damaged, NotFound, Phrase, Refused
from matou.forge.access import Authorized, MayReadCode, MaySee, Scope, require_scope
from matou.forge.content.code_search import (
    search_all_code,
    search_code,
)
from matou.forge.content.commit_search import (
    RepositoryCommits,
    commit_named,
    find_by_id,
    search_all_commits,
    search_commits,
)
from matou.forge.content.search_in_all import is_searchable
from matou.forge.conversation.search import SearchHit, search_items
from matou.forge.repositories.repository_lists import visible_repositories
from matou.git.odb.objects import Commit
from matou.git.operations.grep import LONGEST_TEXT, FoundLine
from matou.i18n import localize
from matou.markup import without_controls
from matou.model.metadata.kinds import CHANGE, ISSUE, RELEASE
from matou.model.names import ObjectId
from matou.server.web.addresses import subject_url
from matou.server.web.conversation.saved_page import shown
from matou.server.web.page import PER_PAGE, HtmlPage, WebRequest

FEW: Final = 5
"""Of each group, where all groups stand on one page."""

CODE_REPOSITORIES: Final = 20
GROUPS: Final[Mapping[str, Phrase]] = {
    "repositories": Phrase("Repositories"),
    "issues": Phrase("Issues"),
    "changes": Phrase("Change requests"),
    "releases": Phrase("Releases"),
    "code": Phrase("Code"),
    "commits": Phrase("Commits"),
}
_KINDS: Final = {"issues": ISSUE.name, "changes": CHANGE.name, "releases": RELEASE.name}
_WORDS: Final = {kind: word for word, kind in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An issue, a change request or a release."""

    title: str
    name: str
    href: str
    place: str
    state: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class CodeLineHit:
    number: int
    text: str
    href: str


@dataclass(frozen=True, slots=True)
class CodeFileHit:
    """Lines of one file."""

    path: str
    href: str
    lines: Sequence[CodeLineHit]


@dataclass(frozen=True, slots=True)
class CodeGroup:
    """What one repository has. `more` leads to all of it, where there is more."""

    place: str
    href: str
    files: Sequence[CodeFileHit]
    more: str


@dataclass(frozen=True, slots=True)
class CommitGroup:
    """As `CodeGroup`, of commits."""

    repository: Repository
    commits: Sequence[Commit]
    more: str


@dataclass(frozen=True, slots=True)
class SearchGroup:
    """One group of what was found. `note` says what was not looked through; `more` leads to the rest."""

    word: str
    label: str
    rows: Sequence[object]
    more: str = ""
    note: tuple[int, int] | None = None


def show_search(view: WebRequest, _words: tuple[str, ...]) -> HtmlPage | Response:
    """Over all that the viewer may read. Nothing of it is remembered: what is found changes with every push."""
    require_scope(view.identity, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
    text, only = _requested_text(view), view.query.get("in", "")
    named = None if only else find_by_id(view.forge, view.identity, text)
    if named is not None:
        return RedirectResponse(subject_url(named[0].path, "commit", named[1]), 302)
    wanted = [only] if only in GROUPS else ["repositories", *_KINDS, "code", "commits"]
    groups = [_group(view, word, text, is_alone=len(wanted) == 1) for word in wanted] if text else []
    return HtmlPage("search.html", _values(text, groups, only, None))


def show_repository_search(
    view: WebRequest, granted: Authorized[Repository, MaySee], _words: tuple[str, ...]
) -> HtmlPage | Response:
    text, only = _requested_text(view), view.query.get("in", "")
    named = None if only else _commit_named(view, granted.subject, text)
    if named is not None:
        return RedirectResponse(subject_url(granted.subject.path, "commit", named), 302)
    wanted = [only] if only in GROUPS and only != "repositories" else ["code", "commits", *_KINDS]
    groups = (
        [_group_in(view, granted.subject, word, text, is_alone=len(wanted) == 1) for word in wanted] if text else []
    )
    return HtmlPage("search.html", _values(text, [one for one in groups if one is not None], only, granted.subject))


def _values(text: str, groups: Sequence[SearchGroup], only: str, repository: Repository | None) -> dict[str, object]:
    return {"text": text, "groups": groups, "only": only, "repository": repository, "is_short": not is_searchable(text)}


def _commit_named(view: WebRequest, repository: Repository, text: str) -> ObjectId | None:
    try:
        return commit_named(view.forge, view.code(repository), text)
    except (NotFound, Refused):
        return None


def _requested_text(view: WebRequest) -> str:
    return without_controls(view.query.get("q", ""))[:LONGEST_TEXT].strip()


def _group(view: WebRequest, word: str, text: str, *, is_alone: bool) -> SearchGroup:
    limit = PER_PAGE if is_alone else FEW
    offset = view.offset if is_alone else 0
    if word == "repositories":
        found, total = visible_repositories(
            view.forge, view.identity, None, recursive=True, offset=offset, limit=limit, name_filter=text
        )
        return _made(view, word, [one.subject for one in found], total, offset, limit)
    if word in _KINDS:
        hits, total = search_items(view.forge, view.identity, text, kinds=(_KINDS[word],), offset=offset, limit=limit)
        return _made(view, word, [_found(hit) for hit in hits], total, offset, limit)
    searched = _code_of_all if word == "code" else _commits_of_all
    return searched(view, text, is_alone=is_alone)


def _made(view: WebRequest, word: str, rows: Sequence[object], total: int, offset: int, limit: int) -> SearchGroup:
    has_more = offset + limit < total
    more = view.at(**{"in": word}) + (f"&page={view.number + 1}" if offset else "&page=2" if limit == PER_PAGE else "")
    return SearchGroup(word, localize(GROUPS[word]), rows, more if has_more else "")


def _found(hit: SearchHit) -> FoundItem:
    item, path = hit.item, hit.subject.path
    sign = {"issue": "#", "change": "!"}.get(item.kind, "")
    return FoundItem(
        shown(item.title) or item.number,
        sign + shown(item.number, 60),
        subject_url(path, _WORDS[item.kind], without_controls(item.number)),
        str(path),
        item.state,
        item.updated_at or item.created_at,
    )


def _code_of_all(view: WebRequest, text: str, *, is_alone: bool) -> SearchGroup:
    first = _first(view) if is_alone else 0
    most = CODE_REPOSITORIES if is_alone else FEW
    found = search_all_code(view.forge, view.identity, text, first=first, most_repositories=most)
    rows = [_code_group(view, one.repository, one.lines, text, has_more=not one.is_whole) for one in found.found]
    more = view.at(**{"in": "code", "from": str(found.looked_at)}) if found.looked_at < found.total else ""
    return SearchGroup("code", localize(GROUPS["code"]), rows, more, (found.looked_at, found.total) if more else None)


def _commits_of_all(view: WebRequest, text: str, *, is_alone: bool) -> SearchGroup:
    first = _first(view) if is_alone else 0
    most = CODE_REPOSITORIES if is_alone else FEW
    found = search_all_commits(view.forge, view.identity, text, first=first, most_repositories=most)
    rows = [_commit_group(view, each, text) for each in found.found]
    more = view.at(**{"in": "commits", "from": str(found.looked_at)}) if found.looked_at < found.total else ""
    note = (found.looked_at, found.total) if more else None
    return SearchGroup("commits", localize(GROUPS["commits"]), rows, more, note)


def _commit_group(view: WebRequest, found: RepositoryCommits, text: str) -> CommitGroup:
    more = view.at(**{"in": "commits", "q": text, "from": ""})
    path = found.repository.path
    return CommitGroup(found.repository, found.commits, "" if found.is_whole else subject_url(path, "search") + more)


def _first(view: WebRequest) -> int:
    """How many repositories were looked at before."""
    given = view.query.get("from", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 8 else 0


def _code_group(
    view: WebRequest, repository: Repository, lines: Sequence[FoundLine], text: str, *, has_more: bool
) -> CodeGroup:
    by_path: dict[bytes, list[FoundLine]] = {}
    for line in lines:
        by_path.setdefault(line.path, []).append(line)
    path = repository.path
    files = [_file(repository, name, found) for name, found in by_path.items()]
    more = subject_url(path, "search") + view.at(**{"in": "code", "q": text, "from": ""}) if has_more else ""
    return CodeGroup(str(path), subject_url(path), files, more)


def _file(repository: Repository, path: bytes, lines: Sequence[FoundLine]) -> CodeFileHit:
    href = subject_url(repository.path, "blob", "HEAD", path)
    return CodeFileHit(
        shown(path.decode("utf-8", "replace")),
        href,
        [CodeLineHit(one.number, without_controls(one.line), f"{href}#L{one.number}") for one in lines],
    )


def _group_in(view: WebRequest, repository: Repository, word: str, text: str, *, is_alone: bool) -> SearchGroup | None:
    """None where the viewer may not read what this group is of."""
    try:
        if word in _KINDS:
            return _items_in(view, repository, word, text, is_alone=is_alone)
        code = view.code(repository)
        return _code_in(view, code, text) if word == "code" else _commits_in(view, code, text, is_alone=is_alone)
    except (NotFound, Refused, Damaged):
        return None


def _items_in(view: WebRequest, repository: Repository, word: str, text: str, *, is_alone: bool) -> SearchGroup:
    limit, offset = (PER_PAGE, view.offset) if is_alone else (FEW, 0)
    hits, total = search_items(
        view.forge,
        view.identity,
        text,
        kinds=(_KINDS[word],),
        repository=str(repository.path),
        offset=offset,
        limit=limit,
    )
    return _made(view, word, [_found(hit) for hit in hits], total, offset, limit)


def _code_in(view: WebRequest, code: Authorized[Repository, MayReadCode], text: str) -> SearchGroup:
    found = search_code(view.forge, code, "", text)
    rows = [_code_group(view, code.subject, found.lines, text, has_more=False)] if found.lines else []
    return SearchGroup("code", localize(GROUPS["code"]), rows, note=None if found.is_whole else (0, 0))


def _commits_in(
    view: WebRequest, code: Authorized[Repository, MayReadCode], text: str, *, is_alone: bool
) -> SearchGroup:
    limit, offset = (PER_PAGE, view.offset) if is_alone else (FEW, 0)
    found = search_commits(view.forge, code, text)
    rows = found.commits[offset : offset + limit]
    more = view.at(**{"in": "commits"}) + (f"&page={view.number + 1}" if is_alone else "")
    return SearchGroup(
        "commits",
        localize(GROUPS["commits"]),
        [CommitGroup(code.subject, rows, "")] if rows else [],
        more if len(found.commits) > offset + limit else "",
        None if found.is_whole else (0, 0),
    )
