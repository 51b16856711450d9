"""35: how often a repository was downloaded."""

from matou.forge.access import MayReadAnalysis
from matou.forge.repositories.downloads import DEFAULT_RANGE_DAYS, LONGEST_RANGE_DAYS, download_statistics
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Direction, Parameters
from matou.server.api.route import repository_route
from matou.server.api.time_ranges import read_day


class DownloadStatisticsQuery(Parameters, frozen=True, kw_only=True):
    """Both days are included."""

    start_date: str = ""
    end_date: str = ""
    direction: Direction = Direction.DESCENDING


def show_statistics(
    context: RepositoryContext[MayReadAnalysis], params: DownloadStatisticsQuery
) -> wire.DownloadStatistics:
    first, last = read_day("start_date", params.start_date), read_day("end_date", params.end_date)
    statistics = download_statistics(context.forge, context.granted, first=first, last=last)
    rows = [
        wire.DownloadDay(
            pdate=wire.Day(day.day.isoformat()),
            repo_id=str(context.repository.id),
            today_dl_cnt=day.downloads,
            total_dl_cnt=day.total,
        )
        for day in statistics.days
    ]
    return wire.DownloadStatistics(
        download_statistics_detail=rows if params.direction is Direction.ASCENDING else rows[::-1],
        download_statistics_total=statistics.in_range,
        download_statistics_history_total=statistics.total,
    )


ROUTES = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/download_statistics",
        MayReadAnalysis,
        DownloadStatisticsQuery,
        show_statistics,
        section=35,
        answer=wire.DownloadStatistics,
        choices=(
            "a clone (a fetch that has nothing yet) and the download of an archive count, a fetch of what is new does"
            f" not; days are those of UTC+8; by default the {DEFAULT_RANGE_DAYS} days up to the last one, at most"
            f" {LONGEST_RANGE_DAYS}; every day of the range has a row; counts are written down once a minute and at a"
            " clean end, so that a server that is killed loses its last minute's"
        ),
    ),
)
