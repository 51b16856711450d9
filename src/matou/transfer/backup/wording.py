"""What is said of runs and of how sources stand, at the command line and on pages alike."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from matou.archive.manifest import ListingState, Outcome, RepositoryLine
from matou.errors import Phrase
from matou.i18n import gettext as _
from matou.i18n import labelled, localize, ngettext, printable
from matou.platforms.registry import PLATFORMS
from matou.stored_texts import localize_stored
from matou.transfer.backup.gaps import BackupGap, GapCause
from matou.transfer.backup.metadata.kind_names import KIND_NAMES
from matou.transfer.backup.status import SourceStatus

MOST_NAMED: Final = 10
"""So many of those that are damaged are named; how many more there are is said."""

_OUTCOMES: Final[Mapping[Outcome, Phrase]] = {
    Outcome.SAVED: Phrase("saved"),
    Outcome.UNCHANGED: Phrase("unchanged"),
    Outcome.EMPTY: Phrase("empty"),
    Outcome.GONE: Phrase("gone from the source, kept here"),
    Outcome.UNLISTED: Phrase("not in an incomplete list, kept here"),
    Outcome.EXCLUDED: Phrase("excluded"),
    Outcome.UNSUPPORTED: Phrase("not git"),
    Outcome.REFUSED: Phrase("refused"),
    Outcome.FAILED: Phrase("failed"),
    Outcome.INCOMPLETE: Phrase("saved in part"),
}
_LISTINGS: Final[Mapping[ListingState, Phrase]] = {
    ListingState.BROKEN_OFF: Phrase("the list of repositories is not whole: there may be more, and none was given up"),
    ListingState.SHRUNK: Phrase("the list of repositories is suddenly shorter: what is not on it was not given up"),
}


_CAUSES: Final[Mapping[GapCause, Phrase]] = {
    GapCause.REFUSED: Phrase("refused"),
    GapCause.BROKEN_OFF: Phrase("not read to the end"),
    GapCause.MISSING: Phrase("files are missing at the source"),
    GapCause.HIDDEN: Phrase("not to be seen"),
    GapCause.NOT_GIVEN: Phrase("given to no program"),
}
_GAP_ADVICE: Final[Mapping[GapCause, Phrase]] = {
    GapCause.REFUSED: Phrase(
        "the token may not read this: give it the right at the source, or take one of somebody who has it, and run the"
        " backup again"
    ),
    GapCause.BROKEN_OFF: Phrase("run the backup again: it asks for what is missing; if it stays so, see the reason"),
    GapCause.MISSING: Phrase(
        "the source names them and gives them no more; a run with --sweep asks once again, and whoever has them can"
        " upload them there"
    ),
    GapCause.HIDDEN: Phrase(
        "whoever may see it at the source can say whether it matters; a token of theirs saves it too"
    ),
    GapCause.NOT_GIVEN: Phrase("download it at the source with a browser, and keep it beside the archive"),
}


def outcome_name(outcome: Outcome) -> str:
    return localize(_OUTCOMES[outcome])


def listing_fault(listing: ListingState) -> str | None:
    """What is wrong with a listing; None where nothing is."""
    return localize(_LISTINGS[listing]) if listing in _LISTINGS else None


def nothing_looked_for(outcomes: Mapping[Outcome, int]) -> str:
    if outcomes.get(Outcome.EXCLUDED):
        return _("nothing was to be saved: every repository is left out")
    return _(
        "the source listed no repository, so nothing is known to be saved: the account has none, or its token may "
        "not see them; check that both are the right ones, and which scopes the token has"
    )


def state_of_line(line: RepositoryLine) -> str:
    """How one repository stands, with the reason."""
    name = outcome_name(line.outcome)
    return labelled(name, localize_stored(line.reason)) if line.reason else name


def gap_name(gap: BackupGap) -> str:
    """What could not be had, in a few words."""
    return localize(KIND_NAMES[gap.what]) if gap.what in KIND_NAMES else localize_stored(gap.what)


def gap_reason(gap: BackupGap) -> str:
    """Where it could not be had, and why."""
    cause, reason = localize(_CAUSES[gap.cause]), localize_stored(gap.reason)
    if gap.cause is GapCause.MISSING and gap.files:
        cause = ngettext("{count} file is missing at the source", "{count} files are missing at the source", gap.files)
        cause = cause.format(count=gap.files)
    if gap.owners > 1:
        places = ngettext("{path} and {count} other", "{path} and {count} others", gap.owners - 1)
        cause = labelled(cause, places.format(path=printable(gap.first), count=gap.owners - 1))
    elif gap.owners:
        cause = labelled(cause, printable(gap.first))
    return labelled(cause, reason) if reason else cause


def gap_advice(gap: BackupGap) -> str:
    return localize(_GAP_ADVICE[gap.cause])


def faults_of_source(one: SourceStatus) -> Iterator[str]:
    """What is wrong beyond single repositories that are not saved."""
    fault = listing_fault(one.listing)
    if fault is not None:
        yield fault
    if not one.looked_for:
        yield nothing_looked_for(one.outcomes)
    for line in one.damaged[:MOST_NAMED]:
        yield _("{path} is damaged, as verify found; the next run fetches it again").format(path=printable(line.path))
    if len(one.damaged) > MOST_NAMED:
        count = len(one.damaged) - MOST_NAMED
        yield ngettext("{count} more is damaged", "{count} more are damaged", count).format(count=count)


def cut_off_text(run: int) -> str:
    return _("run {run} was cut off; the same command goes on from there").format(run=run)


def backup_command(
    platform: str, url: str, archive: str, repositories: Iterable[RepositoryLine] = ()
) -> tuple[str, ...]:
    """What saves a source again that no configuration lists.

    Args:
        repositories: those that it is about, where a person names each.
    """
    urls = [url]
    if platform in PLATFORMS and PLATFORMS[platform].selection is not None:
        urls = [line.clone_url for line in repositories] or ["URL"]
    return ("matou", "backup", platform, *(word for one in urls for word in ("--url", one)), "--to", archive)
