"""What a backup tells people while it goes through the sources of a file; nothing of it makes a backup fail."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matou.archive.lock import ArchiveBusy
from matou.archive.notice_state import SourceResultState
from matou.cli.exit_codes import worst
from matou.cli.run.notify import telling_of
from matou.cli.system_errors import error_of_system
from matou.cli.ui.backup_report import SourceResult
from matou.cli.ui.output import print_error
from matou.errors import MatouError
from matou.i18n import format_error
from matou.settings import Settings
from matou.transfer.notices.notice import MOST_NAMED
from matou.wiring import now, open_archive_if_any

if TYPE_CHECKING:
    from matou.transfer.notices.telling import Telling


class RunNotices:
    """Of one command. What is wrong with notices is told on standard error, and the backup goes on."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self._telling: Telling | None = None
        self._runs: dict[str, str] = {}
        try:
            telling = telling_of(path, settings)
            self._telling = telling if telling.recipients else None
        except (MatouError, OSError) as error:
            _report(error)

    def begun(self, source: str) -> None:
        if self._telling is None:
            return
        try:
            self._runs[source] = self._telling.begun(source)
        except (MatouError, OSError) as error:
            _report(error)

    def ended(self, source: str, results: Sequence[SourceResult]) -> None:
        """Whoever found the archive held by another knows nothing of the source."""
        if self._telling is None or any(isinstance(one.error, ArchiveBusy) for one in results):
            return
        try:
            folder = next((one.archive for one in results if one.archive), None)
            archive = open_archive_if_any(Path(folder)) if folder else None
            self._telling.ended(archive, source, _result_of(results), self._runs.get(source, ""))
        except (MatouError, OSError) as error:
            _report(error)


def _result_of(results: Sequence[SourceResult]) -> SourceResultState:
    reports = [one.report for one in results if one.report is not None]
    names = dict.fromkeys(
        problem.what for report in reports for problem in report.problems if problem.outcome is not None
    )
    count = sum(count for report in reports for outcome, count in report.outcomes.items() if not outcome.is_done)
    return SourceResultState(
        exit_code=int(worst(one.code for one in results)),
        ended_at=now(),
        run=next((report.run for report in reversed(reports) if report.run is not None), None),
        not_saved=tuple(map(str, names))[:MOST_NAMED],
        not_saved_count=max(count, 0),
    )


def _report(error: MatouError | OSError) -> None:
    print_error(format_error(error if isinstance(error, MatouError) else error_of_system(error)))
