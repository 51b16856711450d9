"""What a backup did, as a person or a program reads it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matou.cli.exit_codes import ExitCode, exit_code_for
from matou.cli.ui.formatting import size
from matou.cli.ui.verbosity import is_quiet, is_verbose
from matou.errors import MatouError
from matou.i18n import duration, format_error, labelled, localize, ngettext, printable
from matou.i18n import gettext as _
from matou.model.refs import RefChange
from matou.transfer.backup.changes import RepositoryChange
from matou.transfer.backup.metadata.kind_names import name_of
from matou.transfer.backup.report import BackupProblem, BackupReport, CallBudget, Intention
from matou.transfer.backup.wording import listing_fault, nothing_looked_for, outcome_name

SHORT = 12

_INTENTIONS = {
    Intention.FETCH: _("would be fetched"),
    Intention.ASK: _("would be asked for its refs"),
    Intention.TRUST: _("would be taken for unchanged"),
    Intention.NOTHING: _("would be left alone"),
}


@dataclass(frozen=True, slots=True)
class SourceResult:
    """How one source ended: with a report, with what stopped it, or with both.

    Attributes:
        url, archive: as they were found to be, or as they were given where the source was not found.
        changes: what the run saved and changed, where somebody wants to know.
    """

    platform: str
    url: str | None
    archive: str | None
    report: BackupReport | None
    changes: tuple[RepositoryChange, ...]
    error: MatouError | None

    @property
    def code(self) -> ExitCode:
        report = self.report
        if self.error is not None or report is None:
            return exit_code_for(self.error) if self.error else ExitCode.OUR_FAULT
        is_well = report.everything_is_saved or (report.run is None and report.looked_for and report.nothing_is_wrong)
        if is_well:
            return ExitCode.DONE
        return ExitCode.TRY_LATER if report.is_for_later else ExitCode.NOT_ALL_SAVED


def as_json(result: SourceResult, *, exit_code: int) -> str:
    """One object, of a source that failed before anything began too: it has no more than its error then."""
    values: dict[str, object] = {
        "source": {"platform": result.platform, "url": result.url},
        "archive": result.archive,
        "exit_code": int(exit_code),
        "error": None if result.error is None else str(result.error),
        "advice": result.error.advice.format(**result.error.values) if result.error and result.error.advice else None,
    }
    if result.report is not None:
        values |= {**_values(result.report), "saved": [_change_values(change) for change in result.changes]}
    # ASCII: a ref that is not UTF-8 holds lone surrogates.
    return json.dumps(values, ensure_ascii=any(map(_holds_surrogates, result.changes)), indent=2)


def _holds_surrogates(change: RepositoryChange) -> bool:
    return any(not ref.ref.isprintable() for ref in change.refs)


def _change_values(change: RepositoryChange) -> dict[str, object]:
    return {
        "path": change.line.path,
        "outcome": change.line.outcome,
        "is_new": change.is_new,
        "refs": change.line.refs,
        "changed_refs": [{"name": ref.ref, "before": ref.old, "after": ref.new} for ref in change.refs],
        "received_bytes": change.line.received_bytes,
        "seconds": change.line.seconds,
    }


def _values(report: BackupReport) -> dict[str, object]:
    return {
        "run": report.run,
        "team": report.account.team,
        "listing": report.listing,
        "outcomes": {outcome.value: count for outcome, count in report.outcomes.items()},
        "everything_is_saved": report.everything_is_saved,
        "problems": [_problem(problem) for problem in report.problems],
        "problem_count": report.problem_count,
        "notes": [{"what": note.what, "reason": str(note.cause)} for note in report.notes],
        "unseen": [{"what": unseen.what, "reason": unseen.reason} for unseen in report.unseen],
        "kept": report.kept,
        "trusted": report.trusted,
        "received_bytes": report.received_bytes,
        "requests": report.requests,
        "seconds": round(report.duration.total_seconds(), 3),
        "metadata": {
            name: {
                "items": total.items,
                "changed": total.changed,
                "gone": total.gone,
                "missing": total.missing,
                "not_done": total.not_done,
                "left_out": total.left_out,
            }
            for name, total in report.kinds.items()
        },
        "budget": None
        if report.budget is None
        else {
            "calls": report.budget.calls,
            "calls_per_hour": report.budget.calls_per_hour,
            "seconds": round(report.budget.duration.total_seconds()),
        },
        "planned": [
            {"path": plan.path, "intention": plan.intention, "outcome": plan.outcome} for plan in report.planned
        ],
    }


def _problem(problem: BackupProblem) -> dict[str, object]:
    return {"what": problem.what, "outcome": problem.outcome, "reason": str(problem.cause)}


def as_text(report: BackupReport, changes: Sequence[RepositoryChange]) -> str:
    """With -v what was saved and changed stands above the rest; with -q only what went wrong is left."""
    if is_quiet():
        return "\n".join(() if report.everything_is_saved else _notes(report))
    named = (line for change in changes for line in _change_lines(change)) if is_verbose() else ()
    return "\n".join((*named, *_lines(report)))


def _change_lines(change: RepositoryChange) -> Iterator[str]:
    line = change.line
    summary = _new(line.refs or 0) if change.is_new else _counts(change.refs)
    yield _("{path}: {outcome}, {what}, {size}").format(
        path=printable(line.path), outcome=outcome_name(line.outcome), what=summary, size=size(line.received_bytes)
    )
    for ref in change.refs:
        before, after = (oid[:SHORT] if oid else _("nothing") for oid in (ref.old, ref.new))
        yield f"    {printable(ref.ref)}  {before} -> {after}"


def _new(refs: int) -> str:
    return ngettext("new, {count} ref", "new, {count} refs", refs).format(count=refs)


def _counts(refs: Sequence[RefChange]) -> str:
    made = sum(ref.old is None for ref in refs)
    gone = sum(ref.new is None for ref in refs)
    return _("refs: {made} new, {moved} moved, {gone} deleted").format(
        made=made, moved=len(refs) - made - gone, gone=gone
    )


def _lines(report: BackupReport) -> Iterator[str]:
    for plan in report.planned:
        summary = outcome_name(plan.outcome) if plan.outcome else _INTENTIONS[plan.intention]
        yield labelled(printable(plan.path), summary)
    for outcome, count in report.outcomes.items():
        yield f"{count:>7,}  {outcome_name(outcome)}"
    yield from _kind_lines(report)
    yield from _notes(report)
    yield _last_line(report)


def _kind_lines(report: BackupReport) -> Iterator[str]:
    for name, total in report.kinds.items():
        line = f"{total.items:>7,}  {localize(name_of(name))}"
        if total.changed or total.gone:
            line += _(": {changed} new or changed, {gone} gone at the source").format(
                changed=total.changed, gone=total.gone
            )
        yield line
    if report.budget is not None:
        yield _budget(report.budget)


def _budget(budget: CallBudget) -> str:
    time, calls = duration(budget.duration), f"{budget.calls:,}"
    if not budget.duration:
        return _("what lies around the code takes about {calls} requests").format(calls=calls)
    if budget.calls_per_hour is None:
        return _("what lies around the code takes about {calls} requests: {time}").format(calls=calls, time=time)
    return _("what lies around the code takes about {calls} requests, of {granted} an hour: {time}").format(
        calls=calls, granted=f"{budget.calls_per_hour:,}", time=time
    )


def _last_line(report: BackupReport) -> str:
    time = duration(report.duration)
    if report.run is None:
        return _("a dry run: nothing was written; {duration}, {requests}").format(
            duration=time, requests=_requests(report.requests)
        )
    return _("run {run}: {received} in {duration}, {requests}").format(
        run=report.run, received=size(report.received_bytes), duration=time, requests=_requests(report.requests)
    )


def _requests(count: int) -> str:
    return ngettext("{count} request", "{count} requests", count).format(count=count)


def _notes(report: BackupReport) -> Iterator[str]:
    if report.kept:
        yield ngettext(
            "{count} tip that was overwritten or deleted at the source is kept (refs/matou/kept)",
            "{count} tips that were overwritten or deleted at the source are kept (refs/matou/kept)",
            report.kept,
        ).format(count=report.kept)
    if report.trusted:
        yield ngettext(
            "{count} was taken for unchanged on the listing's word, without proof",
            "{count} were taken for unchanged on the listing's word, without proof",
            report.trusted,
        ).format(count=report.trusted)
    fault = listing_fault(report.listing)
    if fault is not None:
        yield fault
    if not report.looked_for:
        yield nothing_looked_for(report.outcomes)
    # What may hide repositories is among the problems.
    for unseen in (one for one in report.unseen if not one.may_hide):
        yield _("not to be seen: {what}: {reason}").format(what=localize(unseen.what), reason=localize(unseen.reason))
    for messages in (report.notes, report.problems):
        yield from (labelled(localize(one.what), format_error(one.cause)) for one in messages)
    if report.problem_count > len(report.problems):
        count = report.problem_count - len(report.problems)
        yield ngettext("{count} more is in the manifest", "{count} more are in the manifest", count).format(count=count)
    yield from _what_follows(report)


def _what_follows(report: BackupReport) -> Iterator[str]:
    """What becomes of that which was not saved."""
    if report.run is None or not report.problem_count:
        return
    yield _("what could not be saved stays here as it was, and the next run asks for it again")
    if any(total.missing for total in report.kinds.values()):
        yield _("files that are missing at the source are asked for again by a run with --sweep, or every seventh one")
