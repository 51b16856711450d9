"""What a migration did or would do, as a person or a program reads it."""

import json
from collections.abc import Iterator, Sequence
from textwrap import indent

from matou.cli.ui.conversation_report import conversation_lines, conversation_values
from matou.cli.ui.formatting import columns, size
from matou.cli.ui.verbosity import is_verbose
from matou.i18n import duration, format_error, labelled, localize, printable
from matou.i18n import gettext as _
from matou.model.fidelity import TRAITS
from matou.transfer.migrate.budget import WriteBudget
from matou.transfer.migrate.carried import CarriedKind
from matou.transfer.migrate.report import OUTCOME_NAMES, MigrationReport, Moved, MoveOutcome, Rewrite


def as_json(report: MigrationReport) -> str:
    return json.dumps(_values(report), ensure_ascii=False, indent=2)


def _values(report: MigrationReport) -> dict[str, object]:
    return {
        "platform": report.platform,
        "url": report.url,
        "account": report.account,
        "dry_run": report.is_dry_run,
        "new_namespaces": list(report.new_namespaces),
        "everything_is_moved": report.everything_is_moved,
        "outcomes": {outcome.value: count for outcome, count in report.outcomes.items()},
        "carried": [_carried(row) for row in report.carried],
        "budget": None if report.budget is None else _budget(report.budget),
        "page": None if report.page is None else str(report.page),
        "repositories": [_repository(moved) for moved in report.repositories],
        "left_behind": [
            {"path": left.source_path, "reason": left.reason, "is_wanted": left.is_wanted}
            for left in report.left_behind
        ],
        "unmatched_in_map": list(report.unmatched),
        "instead_of": [{"written": rewrite.written, "url": rewrite.clone_url} for rewrite in report.rewrites],
    }


def _carried(row: CarriedKind) -> dict[str, object]:
    return {
        "kind": row.kind.value,
        "held": row.held,
        "arrived": row.arrived,
        "form": row.fidelity.form.value,
        "keeps": sorted(trait.value for trait in row.fidelity.keeps & TRAITS.get(row.kind, frozenset())),
        "header": row.fidelity.header,
        "note": row.fidelity.note,
    }


def _budget(budget: WriteBudget) -> dict[str, object]:
    return {
        "requests": budget.requests,
        "requests_per_hour": budget.per_hour,
        "seconds": round(budget.duration.total_seconds()),
    }


def budget_lines(budget: WriteBudget | None) -> Iterator[str]:
    """What writing all of it takes; nothing where the target does the work."""
    if budget is None or not budget.requests:
        return
    requests = f"{budget.requests:,}"
    if not budget.duration:
        yield _("writing all of it takes about {requests} requests").format(requests=requests)
    elif budget.per_hour is None:
        yield _("writing all of it takes about {requests} requests: {time} at the target's pace").format(
            requests=requests, time=duration(budget.duration)
        )
    else:
        yield _("writing all of it takes about {requests} requests, of {granted} an hour: {time}").format(
            requests=requests, granted=f"{budget.per_hour:,}", time=duration(budget.duration)
        )


def table(carried: Sequence[CarriedKind], *, is_plan: bool = True) -> Iterator[str]:
    """What there is of each kind, what of it is there where that is known, and how it is carried."""
    heads = (_("what"), _("in the archive"), *(() if is_plan else (_("proven there"),)), _("how"))
    if not carried:
        return
    rows = [
        (localize(row.name), f"{row.held:,}", *(() if is_plan else (f"{row.arrived:,}",)), localize(row.manner))
        for row in carried
    ]
    yield from columns([heads, *rows])


def _repository(moved: Moved) -> dict[str, object]:
    return {
        "path": moved.move.candidate.source_path,
        "to": str(moved.move.target_path),
        "url": moved.clone_url,
        "outcome": moved.outcome.value,
        "is_new": moved.is_new,
        "visibility": moved.move.visibility.value,
        "refs_sent": moved.refs,
        "lfs_bytes_sent": moved.lfs_bytes,
        "held": {kind.value: count for kind, count in moved.held.items() if count},
        "arrived": {kind.value: count for kind, count in moved.arrived.items() if count},
        "notes": list(moved.notes),
        "problems": [str(problem) for problem in moved.problems],
        "submodules": [{"path": link.path, "url": link.url} for link in moved.submodules],
        "conversation": None if moved.conversation is None else conversation_values(moved.conversation),
    }


def as_text(report: MigrationReport) -> str:
    return "\n".join(_lines(report))


def _lines(report: MigrationReport) -> Iterator[str]:
    for namespace in report.new_namespaces:
        made = _("would be created") if report.is_dry_run else _("created")
        yield labelled(printable(namespace), made)
    for moved in report.repositories:
        yield from _lines_of(moved)
    for left in report.left_behind:
        yield labelled(printable(left.source_path), localize(left.reason))
    for source in report.unmatched:
        yield _("the map says where {source} goes, and no repository of the archive is that: is it mistyped?").format(
            source=repr(printable(source))
        )
    if report.rewrites:
        yield _("submodules that point at moved repositories find them with this in ~/.gitconfig:")
        yield from map(_instead_of, report.rewrites)
    yield from _summary(report)


def _summary(report: MigrationReport) -> Iterator[str]:
    yield from table(report.carried, is_plan=report.is_dry_run)
    yield from budget_lines(report.budget)
    nothing = {MoveOutcome.PLANNED if report.is_dry_run else MoveOutcome.MOVED: 0}
    for outcome, count in (report.outcomes or nothing).items():
        yield f"{count:>7,}  {localize(OUTCOME_NAMES[outcome])}"
    sent = sum(moved.lfs_bytes for moved in report.repositories)
    if report.is_dry_run:
        yield _("a dry run: nothing was changed")
    else:
        yield _("moved to {url} as {account}; {sent} of LFS objects sent").format(
            url=printable(report.url), account=printable(report.account), sent=size(sent)
        )
    if report.page is not None:
        yield _("the report is kept at {path}").format(path=printable(str(report.page)))


def _lines_of(moved: Moved) -> Iterator[str]:
    if moved.outcome is not MoveOutcome.UNCHANGED or moved.notes or is_verbose():
        direction = f"{printable(moved.move.candidate.source_path)} -> {printable(str(moved.move.target_path))}"
        yield labelled(direction, _word(moved))
    for note in moved.notes:
        yield f"    {localize(note)}"
    if moved.conversation is not None and (moved.outcome is not MoveOutcome.UNCHANGED or is_verbose()):
        yield from (f"    {line}" for line in conversation_lines(moved.conversation))
    for problem in moved.problems:
        yield indent(format_error(problem), "    ")


def _word(moved: Moved) -> str:
    if moved.outcome is MoveOutcome.PLANNED:
        return _("would be created") if moved.is_new else _("is there; what is new would be sent")
    return localize(OUTCOME_NAMES[moved.outcome])


def _instead_of(rewrite: Rewrite) -> str:
    """Two lines of git's configuration; what a repository says stands in quotes and cannot end them."""
    return f'[url "{_quoted(rewrite.clone_url)}"]\n\tinsteadOf = "{_quoted(rewrite.written)}"'


def _quoted(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')
