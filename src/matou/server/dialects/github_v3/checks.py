"""What was counted of a repository's code, and what a service would say of a commit: nobody tells us that here."""

from typing import Final

from matou.forge.access import MayReadAnalysis, MayReadCode
from matou.forge.analysis.languages import Languages, languages
from matou.forge.analysis.worker import MOST_FILES
from matou.forge.content.branches import NoSuchRevision
from matou.forge.content.history import find_commit_at
from matou.git.odb.objects import TooLargeToRead
from matou.model.names import ObjectId
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Nothing
from matou.server.api.response_cache import at_refs
from matou.server.api.responses import ListPage, StreamedResponse
from matou.server.api.route import Route, repository_route
from matou.server.api.soon import now_or_soon
from matou.server.dialects.github_v3.code import CodeAddresses, CodeContext
from matou.server.dialects.github_v3.objects import whole_repository
from matou.server.dialects.github_v3.paging import GitHubPage, linked


def show_languages(context: RepositoryContext[MayReadAnalysis], _: Nothing) -> dict[str, int] | StreamedResponse:
    """Raises TooLargeToRead: that nothing was counted is not that there is nothing."""
    try:
        known = languages(context.forge, context.granted)
    except NoSuchRevision:
        return {}
    return now_or_soon(known, _bytes_of)


def show_status(context: CodeContext, _: GitHubPage) -> dict[str, object]:
    """As GitHub tells of a commit that no service has reported on."""
    commit, at = _commit_of(context), CodeAddresses.of(context)
    url = at.api("commits", commit)
    return {
        "state": "pending",
        "statuses": [],
        "sha": commit,
        "total_count": 0,
        "repository": whole_repository(context, context.repository),
        "commit_url": url,
        "url": f"{url}/status",
    }


def list_statuses(context: CodeContext, params: GitHubPage) -> ListPage:
    return linked(params, [], 0, CodeAddresses.of(context).api("commits", _commit_of(context), "statuses"))


def list_check_runs(context: CodeContext, _: GitHubPage) -> dict[str, object]:
    _commit_of(context)
    return {"total_count": 0, "check_runs": []}


def list_check_suites(context: CodeContext, _: GitHubPage) -> dict[str, object]:
    _commit_of(context)
    return {"total_count": 0, "check_suites": []}


def _commit_of(context: CodeContext) -> ObjectId:
    """Raises NotFound."""
    return find_commit_at(context.forge, context.granted, context.path["ref"]).id


def _bytes_of(found: Languages) -> dict[str, int]:
    if found.sizes is None:
        raise TooLargeToRead("languages are not counted of more than {most} files", most=f"{MOST_FILES:,}")
    return dict(sorted(found.sizes.items(), key=lambda one: (-one[1], one[0])))


_ROW = dict[str, object]
_REPOSITORY: Final = "/repos/{owner}/{repo}"
_COMMIT: Final = f"{_REPOSITORY}/commits/{{ref}}"
_NONE: Final = "none: what services said of commits is not saved"

ROUTES: tuple[Route, ...] = (
    repository_route(
        "GET",
        f"{_REPOSITORY}/languages",
        MayReadAnalysis,
        Nothing,
        show_languages,
        answer=dict[str, int],
        cache_key=at_refs,
        choices="bytes on the default branch, largest first, by linguist's rules;"
        f" 403 where there are more than {MOST_FILES:,} files",
    ),
    repository_route(
        "GET",
        f"{_COMMIT}/status",
        MayReadCode,
        GitHubPage,
        show_status,
        answer=_ROW,
        choices="`pending`, as of a commit that no service has reported on",
    ),
    repository_route(
        "GET", f"{_COMMIT}/statuses", MayReadCode, GitHubPage, list_statuses, answer=list[_ROW], choices=_NONE
    ),
    repository_route(
        "GET",
        f"{_REPOSITORY}/statuses/{{ref}}",
        MayReadCode,
        GitHubPage,
        list_statuses,
        answer=list[_ROW],
        choices=_NONE,
    ),
    repository_route(
        "GET", f"{_COMMIT}/check-runs", MayReadCode, GitHubPage, list_check_runs, answer=_ROW, choices=_NONE
    ),
    repository_route(
        "GET", f"{_COMMIT}/check-suites", MayReadCode, GitHubPage, list_check_suites, answer=_ROW, choices=_NONE
    ),
)
