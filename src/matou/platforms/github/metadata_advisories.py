"""GitHub's security advisories as metadata: what is vulnerable, since when and who found it stand in `extra`."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal
from urllib.parse import parse_qs, urlsplit

from msgspec import UNSET, UnsetType

from matou.errors import UnknownShape
from matou.http.responses import Answer
from matou.model.metadata import Advisory
from matou.platforms.base.decoder import original_of
from matou.platforms.base.metadata import ItemRead, ItemRow
from matou.platforms.base.metadata_values import Rules, is_time, leftover, markdown, time_of
from matou.platforms.base.wire_struct import OriginalStruct
from matou.platforms.github.api import GitHubApi
from matou.platforms.github.metadata_people import DECODER, is_person, people
from matou.platforms.github.wire_issues import GitHubUser


class GitHubAdvisory(OriginalStruct, frozen=True, kw_only=True):
    """One of `GET …/security-advisories`. `state`: triage, draft, published, closed; a withdrawn one is closed."""

    ghsa_id: str
    cve_id: str | UnsetType | None = UNSET
    summary: str
    description: str | UnsetType | None = UNSET
    severity: str | UnsetType | None = UNSET
    state: str
    author: GitHubUser | UnsetType | None = UNSET
    publisher: GitHubUser | UnsetType | None = UNSET
    html_url: str | UnsetType | None = UNSET
    created_at: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET
    published_at: str | UnsetType | None = UNSET
    closed_at: str | UnsetType | None = UNSET


STATES: Final[Mapping[str, Literal["triage", "draft", "published", "closed"]]] = {
    "triage": "triage",
    "draft": "draft",
    "published": "published",
    "closed": "closed",
    "withdrawn": "closed",
}

RULES: Final[Rules] = {
    **dict.fromkeys(("ghsa_id", "cve_id", "url", "html_url", "summary", "description", "severity")),
    **dict.fromkeys(("created_at", "updated_at", "published_at", "closed_at"), is_time),
    "state": lambda value: value != "withdrawn",
    "author": is_person,
}


def advisory_rows(api: GitHubApi, base: str) -> Iterator[ItemRow]:
    """All that the token may see, by their making: its pages lead on by cursors. Raises MatouError."""
    query: dict[str, str | int] = {"per_page": api.page_size, "sort": "created", "direction": "asc"}
    seen = set[str]()
    while True:
        answer, rows = _page(api, base, query)
        for row in (_row_of(value) for value in rows):
            if row.key not in seen:
                seen.add(row.key)
                yield row
        cursor = _next_cursor(answer.headers.get("link", ""))
        if cursor is None or cursor == query.get("after"):
            return
        query["after"] = cursor


def _page(api: GitHubApi, base: str, query: Mapping[str, str | int]) -> tuple[Answer, list[object]]:
    """Where a full page is as it was, a 304 does not say how the list goes on, so that it is asked for anew."""
    answer = api.request("GET", f"{base}/security-advisories", query=query, repeatable=True)
    rows = api.parsed(answer)
    if isinstance(rows, list) and len(rows) >= api.page_size and "link" not in answer.headers:
        answer = api.without_memory().request("GET", f"{base}/security-advisories", query=query, repeatable=True)
        rows = api.parsed(answer)
    if not isinstance(rows, list):
        raise UnknownShape("github security-advisories", rows)
    return answer, rows


def _row_of(value: object) -> ItemRow:
    row = DECODER.read(GitHubAdvisory, value)
    return ItemRow(key=row.ghsa_id, updated_at=time_of(row.updated_at), value=value)


def _next_cursor(links: str) -> str | None:
    for link in links.split(","):
        address, _, parameters = link.partition(">")
        if 'rel="next"' in parameters:
            after = parse_qs(urlsplit(address.strip(" <")).query).get("after")
            return after[0] if after else None
    return None


def advisory_of(value: object) -> ItemRead:
    """Raises UnknownShape."""
    row, named = DECODER.read(GitHubAdvisory, value), people()
    if row.state not in STATES:
        raise UnknownShape("github RepositoryAdvisory.state", row.state)
    publisher = named.key_of(row.publisher)
    extra = {key: given for key, given in leftover(original_of(row), RULES).items() if key != "publisher"}
    item = Advisory(
        id=row.ghsa_id,
        cve=row.cve_id or None,
        title=row.summary,
        text=markdown(row.description),
        by=named.key_of(row.author),
        at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        published_at=time_of(row.published_at),
        closed_at=time_of(row.closed_at),
        state=STATES[row.state],
        severity=row.severity or None,
        url=row.html_url or None,
        extra={**extra, **({"publisher": publisher} if publisher else {})} or None,
    )
    return ItemRead(item=item, people=named.seen)
