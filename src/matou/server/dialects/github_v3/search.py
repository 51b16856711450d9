"""Looking for issues, repositories and code, in GitHub's words."""

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import MayReadCode, MayReadConversation, Right, Scope, authorize
from matou.forge.content.code_search import search_code
from matou.forge.conversation.search import SearchHit, search_items
from matou.forge.repositories.repository_lists import search_repositories
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import InvalidParameter
from matou.server.api.responses import JSON, NO_STORE, Bytes
from matou.server.api.route import Route, Workload, plain_route
from matou.server.api.saved_rows import JsonRow
from matou.server.api.v5.naming import authorize_by_name
from matou.server.dialects.github_v3.code import CodeAddresses
from matou.server.dialects.github_v3.identifiers import SEPARATOR
from matou.server.dialects.github_v3.issues import listed_row
from matou.server.dialects.github_v3.objects import repository_rows
from matou.server.dialects.github_v3.paging import GitHubPage, link_headers, linked
from matou.server.dialects.github_v3.rows import GitHubRows
from matou.server.dialects.github_v3.search_query import (
    ITEM_NAMES,
    REPOSITORY_NAMES,
    SearchWords,
    item_query,
    read_search,
    repository_query,
)

R = TypeVar("R", bound=Right)

_CODE_NAMES: Final = frozenset({"repo", "in"})
_SCORE: Final = 1.0
"""Of everything that is found: the order says the rest."""


class SearchQuery(GitHubPage, frozen=True, kw_only=True):
    """`q` has words, and what must be: `repo:OWNER/NAME is:issue state:open label:NAME`."""

    q: str


def find_items(context: RequestContext, params: SearchQuery) -> Bytes:
    """In one repository, by what is said of items; or in all that may be read, by words and state."""
    search = read_search(params.q, ITEM_NAMES)
    if "repo" in search.said:
        rows = GitHubRows.open(_repository(context, search, MayReadConversation))
        found, total = rows.conversation.list_outlines(
            item_query(search), search=" ".join(search.words), offset=params.offset, limit=params.limit
        )
        return _answer(context, params, "issues", [listed_row(rows, one) for one in found], total)
    if not search.words or search.said.keys() - {"is", "type", "state", "in"}:
        raise InvalidParameter("in all repositories nothing is looked for but words: say repo:OWNER/NAME")
    query = item_query(search)
    hits, total = search_items(
        context.forge,
        context.identity,
        " ".join(search.words),
        kinds=[kind for kind in (query.kind, query.with_kind) if kind],
        states=query.states,
        projects=False,
        offset=params.offset,
        limit=params.limit,
    )
    return _answer(context, params, "issues", _rows(context, hits), total)


def find_repositories(context: RequestContext, params: SearchQuery) -> Bytes:
    search = read_search(params.q, REPOSITORY_NAMES)
    owner = search.one("user", "org", "owner").replace(SEPARATOR, "/")
    found, total = search_repositories(
        context.forge, context.identity, repository_query(search), owner=owner, offset=params.offset, limit=params.limit
    )
    rows = repository_rows(context, [one.subject for one in found])
    return _answer(context, params, "repositories", [dict(row) for row in rows], total)


def find_code(context: RequestContext, params: SearchQuery) -> Bytes:
    """In the default branch of one repository: files with a line that has the words as they were said."""
    search = read_search(params.q, _CODE_NAMES)
    if "repo" not in search.said:
        raise InvalidParameter("code is looked for in one repository: repo:OWNER/NAME")
    code = _repository(context, search, MayReadCode)
    lines = search_code(context.forge, code.granted, "", " ".join(word.strip('"') for word in search.words)).lines
    at, [repository] = CodeAddresses.of(code), repository_rows(context, [code.repository])
    paths = [path.decode("utf-8", "replace") for path in dict.fromkeys(line.path for line in lines)]
    rows: list[JsonRow] = [
        {
            "name": path.rpartition("/")[2],
            "path": path,
            "sha": "",
            "url": at.api("contents", path),
            "git_url": at.api("contents", path),
            "html_url": at.page("blob", "HEAD", path),
            "repository": repository,
        }
        for path in paths
    ]
    return _answer(context, params, "code", rows[params.offset :][: params.limit], len(rows))


def _repository(context: RequestContext, search: SearchWords, right: type[R]) -> RepositoryContext[R]:
    """That which is said. Raises as `authorize_by_name`."""
    owner, slash, name = search.one("repo").rpartition("/")
    if not slash:
        raise InvalidParameter("a repository is said as in repo:OWNER/NAME")
    path = {"owner": owner.replace(SEPARATOR, "/"), "repo": name}
    granted = authorize_by_name(context.forge, context.identity, right, path)
    return RepositoryContext(
        context.forge, context.identity, context.links, context.path, context.headers, context.address, granted
    )


def _rows(context: RequestContext, hits: Sequence[SearchHit]) -> list[JsonRow]:
    opened = dict[RepositoryId, GitHubRows]()
    shown: list[JsonRow] = []
    for hit in hits:
        repository = hit.subject
        if not isinstance(repository, Repository):
            continue
        if repository.id not in opened:
            granted = authorize(context.forge, context.identity, MayReadConversation, repository)
            opened[repository.id] = GitHubRows.open(context.of(granted))
        rows = opened[repository.id]
        shown.append(listed_row(rows, rows.conversation.outline(hit.item)))
    return shown


def _answer(context: RequestContext, params: SearchQuery, kind: str, rows: Sequence[JsonRow], total: int) -> Bytes:
    body = {
        "total_count": total,
        "incomplete_results": False,
        "items": [{**row, "score": _SCORE} for row in rows],
    }
    links = link_headers(linked(params, rows, total, context.links.api("search", kind)), None)
    return Bytes(msgspec.json.encode(body), (JSON, NO_STORE, *links))


_SCOPES: Final = (Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)
_ROW = dict[str, object]

ROUTES: tuple[Route, ...] = (
    plain_route(
        "GET",
        "/search/issues",
        SearchQuery,
        find_items,
        answer=_ROW,
        scopes=_SCOPES,
        workload=Workload.SLOW,
        choices="in one repository by `repo:`, with `is:`, `state:`, `label:`, `author:`, `assignee:`, `head:`, `base:`"
        " and words; without `repo:` by words, `is:` and `state:`; what else is said is refused",
    ),
    plain_route(
        "GET",
        "/search/repositories",
        SearchQuery,
        find_repositories,
        answer=_ROW,
        scopes=_SCOPES,
        choices="by `user:` or `org:`, `is:public`, `is:private`, `fork:false`, and a part of name or description",
    ),
    plain_route(
        "GET",
        "/search/code",
        SearchQuery,
        find_code,
        answer=_ROW,
        scopes=_SCOPES,
        workload=Workload.SLOW,
        choices="in one repository, by `repo:`; its default branch, letter by letter",
    ),
)
