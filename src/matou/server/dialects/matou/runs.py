"""The runs of the archive. Each tells of all its sources, whoever may see what came from them: for administrators."""

from typing import Final

from matou.errors import MatouError
from matou.forge.access import ALL_SCOPES, authorize_administration
from matou.platforms.matou.wire import MatouRun
from matou.server.api.context import RequestContext
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, Workload, plain_route
from matou.server.dialects.matou.pages import CopyPageParameters
from matou.transfer.backup.status_cache import StatusCache
from matou.transfer.common.saved_repositories import RunSummary

RUNS: Final = "runs"
"""How `withheld` of an account calls them."""


def withheld_runs(context: RequestContext) -> tuple[str, ...] | None:
    """That there are runs, and not for this token; None where there is nothing to ask for."""
    try:
        authorize_administration(context.identity)
    except MatouError:
        return (RUNS,) if any(context.forge.archive.run_numbers()) else None
    return ()


def list_runs(context: RequestContext, params: CopyPageParameters) -> ListPage:
    authorize_administration(context.identity)
    archive = context.forge.archive
    numbers = list(archive.run_numbers())
    shown = numbers[params.offset : params.offset + params.limit]
    return ListPage([_row(one) for one in context.forge.memory(StatusCache).summaries(archive, shown)], len(numbers))


def _row(summary: RunSummary) -> MatouRun:
    first, end = summary.first, summary.end
    return MatouRun(
        run=summary.run,
        state=summary.state.value,
        platform=first.source.platform if first else "",
        url=first.source.url if first else "",
        team=first.source.team if first else "",
        matou=first.matou if first else "",
        started_at=first.started_at if first else None,
        finished_at=end.finished_at if end else None,
        outcomes={outcome.value: count for outcome, count in end.outcomes.items()} if end else {},
    )


ROUTES: tuple[Route, ...] = (
    plain_route(
        "GET",
        "/runs",
        CopyPageParameters,
        list_runs,
        answer=list[MatouRun],
        scopes=tuple(ALL_SCOPES),
        workload=Workload.SLOW,
        choices="oldest first; for an administrator's token that is good for everything, else 403",
    ),
)
