"""8, 9 and 37: in which languages a repository is written, and who contributed what to it."""

import re
from collections.abc import Callable, Hashable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Final

from matou.db.users import User
from matou.forge.access import MayReadAnalysis
from matou.forge.accounts.users import find_user
from matou.forge.analysis.contributions import (
    ContributorRole,
    Counted,
    Span,
    contribution_days,
    contributors,
    counted,
    text_of,
)
from matou.forge.analysis.languages import languages
from matou.forge.analysis.memory import PATIENCE
from matou.forge.analysis.worker import MOST_FILES
from matou.forge.content.branches import NoSuchRevision
from matou.forge.content.contents import object_at
from matou.git.operations.mailmap import MailmapPerson
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext
from matou.server.api.params import InvalidParameter, Nothing, PageParameters, Parameters
from matou.server.api.responses import ListPage, StreamedResponse
from matou.server.api.route import repository_route
from matou.server.api.soon import now_or_soon

_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}:[0-9]{2})?\Z")
_DAY_LENGTH: Final = len("YYYY-MM-DD")
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()


def show_languages(context: RepositoryContext[MayReadAnalysis], _: Nothing) -> dict[str, float] | StreamedResponse:
    try:
        known = languages(context.forge, context.granted)
    except NoSuchRevision:
        return {}
    return now_or_soon(known, lambda found: found.shares)


class ContributorsQuery(PageParameters, frozen=True, kw_only=True):
    type: ContributorRole = ContributorRole.AUTHOR


class ContributorStatisticsQuery(Parameters, frozen=True, kw_only=True):
    """`since` and `until` are days or moments, both included."""

    author: str = ""
    current_user: bool = False
    since: str = ""
    until: str = ""
    ref_name: str = ""


def list_contributors(context: RepositoryContext[MayReadAnalysis], params: ContributorsQuery) -> ListPage:
    everybody = contributors(context.forge, context.granted, params.type)
    page = everybody[params.offset : params.offset + params.limit]
    rows = [wire.Contributor(name=one.name, contributions=one.commits, email=one.email) for one in page]
    return ListPage(rows, len(everybody))


def show_statistics(
    context: RepositoryContext[MayReadAnalysis], params: ContributorStatisticsQuery
) -> list[wire.ContributorStatistics] | StreamedResponse:
    span = Span(first=_read_moment("since", params.since), last=_read_moment("until", params.until, is_end=True))
    user = context.user if params.current_user else None
    try:
        known = counted(context.forge, context.granted, params.ref_name)
    except NoSuchRevision:
        if params.ref_name:
            raise
        return []
    is_wanted = _matcher(context, params.author, user)
    return now_or_soon(known, lambda history: _statistics(context, history, span, is_wanted))


def _statistics(
    context: RepositoryContext[MayReadAnalysis], known: Counted, span: Span, is_wanted: Callable[[MailmapPerson], bool]
) -> list[wire.ContributorStatistics]:
    days = contribution_days(context.forge, context.granted, known, span)
    statistics = []
    rows = zip(days.person, days.day, days.additions, days.deletions, days.commits, strict=True)
    for number, of_person in groupby(rows, key=lambda row: row[0]):
        if is_wanted(days.people[number]):
            statistics.append(_of_person(days.people[number], [row[1:] for row in of_person]))
    return sorted(statistics, key=lambda one: (-one.overview.commit_count, one.name, one.email))


def _of_person(person: MailmapPerson, rows: Sequence[tuple[int, int, int, int]]) -> wire.ContributorStatistics:
    additions, deletions, commits = (sum(row[column] for row in rows) for column in (1, 2, 3))
    return wire.ContributorStatistics(
        name=text_of(person.name),
        email=text_of(person.email),
        overview=wire.ContributionOverview(
            additions=additions, deletions=deletions, total_changes=additions + deletions, commit_count=commits
        ),
        contributions=[
            wire.ContributionDay(
                date=_day(day), additions=added, deletions=taken, total_changes=added + taken, commit_count=count
            )
            for day, added, taken, count in rows
        ],
    )


def _matcher(
    context: RepositoryContext[MayReadAnalysis], author: str, user: User | None
) -> Callable[[MailmapPerson], bool]:
    """Whom a client means: itself, or whoever has a name or an e-mail address, here or in the history."""
    if user is None and not author:
        return lambda _: True
    texts = {author} if user is None else set()
    known = find_user(context.forge, author) if user is None else user
    if known is not None:
        texts |= {known.name, known.email, known.display_name}
    keys = {text.casefold() for text in texts if text}
    return lambda person: not keys.isdisjoint((text_of(person.name).casefold(), text_of(person.email).casefold()))


def _read_moment(name: str, text: str, *, is_end: bool = False) -> datetime | None:
    """Of the author's clock; a day's end is its last second. None for nothing."""
    if not text:
        return None
    try:
        if _MOMENT.match(text):
            moment = datetime.fromisoformat(text)
            return moment + timedelta(days=1, seconds=-1) if is_end and len(text) == _DAY_LENGTH else moment
    except (ValueError, OverflowError):
        pass
    raise InvalidParameter(
        "{name} is neither YYYY-MM-DD nor YYYY-MM-DD HH:mm:ss: {text}", name=name, text=repr(text)[:100]
    )


@lru_cache(maxsize=20_000)
def _day(number: int) -> wire.Day:
    return wire.Day(date.fromordinal(_FIRST_DAY + number).isoformat())


def _tip(context: RepositoryContext[MayReadAnalysis], _: Parameters) -> Hashable | None:
    """What the default branch is at. Cheap: the refs are in memory."""
    try:
        return object_at(context.forge, context.granted, "")
    except NoSuchRevision:
        return None


ROUTES = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/languages",
        MayReadAnalysis,
        Nothing,
        show_languages,
        section=8,
        answer=dict[str, float],
        choices=(
            "percent of the bytes on the default branch, in hundredths that add up to exactly 100, largest first; by"
            " linguist's rules: vendored, generated and binary files, documentation, data and prose do not count,"
            " unless .gitattributes say so (linguist-language, -vendored, -generated, -documentation, -detectable);"
            f" empty for a repository without commits and for one of more than {MOST_FILES:,} files"
        ),
        cache_key=_tip,
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/contributors",
        MayReadAnalysis,
        ContributorsQuery,
        list_contributors,
        section=9,
        answer=list[wire.Contributor],
        choices=(
            "the history of the default branch, counted as `git shortlog -sne` does, merges and the `.mailmap` of its"
            " last commit included; without `type`, authors; most commits first, then by name; page and per_page as"
            " everywhere"
        ),
        cache_key=_tip,
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/contributors/statistic",
        MayReadAnalysis,
        ContributorStatisticsQuery,
        show_statistics,
        section=37,
        answer=list[wire.ContributorStatistics],
        choices=(
            "lines as `git log --numstat` counts them: a binary file and a merge have none, a renamed file has what"
            " changed in it; a merge is a commit; a day is the author's own, in the zone that the commit has, and since"
            " and until are moments of that same clock, both included, a day's end its last second; total_changes is"
            " additions and deletions in the overview too; author is a name or an e-mail address of the history, or"
            " a user's; while a long history is read for the first time the answer is 503 with Retry-After after"
            f" {PATIENCE.seconds} seconds, and the next one goes on from there"
        ),
    ),
)
