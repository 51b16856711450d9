"""How many requests the metadata of an account will take, and how long that is at the platform's pace."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from matou.archive.manifest import MetadataState, ReadState
from matou.concurrency import Cancelled
from matou.errors import MatouError
from matou.http.rate_limit import RateLimit
from matou.http.tokens import is_dead
from matou.platforms.base.metadata import MetadataReader, ReadableKind
from matou.transfer.backup.metadata.selection import OVERLAP, KindSelection
from matou.transfer.backup.report import CallBudget

MOST_COUNTED: Final = 30
"""So many repositories and namespaces are asked how much they have; the others count as these do on the average."""


def call_budget(
    readers: Sequence[tuple[MetadataReader, MetadataState | None]],
    selection: KindSelection,
    rate: RateLimit,
    calls_per_hour: int | None,
) -> CallBudget:
    """What reading all of these will take; some requests are put to find out how long their lists are.

    Raises:
        Cancelled, BadCredential: nothing more can be asked.
    """
    counted = readers[:MOST_COUNTED]
    calls = sum(_calls(reader, before, selection) for reader, before in counted)
    if len(readers) > len(counted):
        calls = round(calls * len(readers) / len(counted))
    return _at_pace(calls, rate, calls_per_hour)


def least_budget(
    readers: Iterable[MetadataReader],
    selection: KindSelection,
    rate: RateLimit,
    calls_per_hour: int | None,
    *,
    now: datetime,
) -> CallBudget:
    """What a first run will take at least, known without a request: as if every list ended on its first page."""
    calls = sum(
        # As where nothing has changed, nobody need be asked how long a list is.
        reader.expected_calls(one.kind, now, saved=1) if one.kind.is_default else 1
        for reader in readers
        for one in _wanted(reader, selection)
    )
    return _at_pace(calls, rate, calls_per_hour)


def _at_pace(calls: int, rate: RateLimit, calls_per_hour: int | None) -> CallBudget:
    per_second = min(rate.per_second, calls_per_hour / 3600 if calls_per_hour else rate.per_second)
    return CallBudget(calls, calls_per_hour, timedelta(seconds=round(calls / per_second)))


def _calls(reader: MetadataReader, before: MetadataState | None, selection: KindSelection) -> int:
    return sum(_calls_of_kind(reader, kind, before, selection) for kind in _wanted(reader, selection))


def _wanted(reader: MetadataReader, selection: KindSelection) -> Iterator[ReadableKind]:
    return (one for one in reader.kinds if one.unseen is None and selection.wants(one.kind))


def _calls_of_kind(
    reader: MetadataReader, readable: ReadableKind, before: MetadataState | None, selection: KindSelection
) -> int:
    state = before.kinds.get(readable.kind.name) if before is not None else None
    is_sweep = selection.is_sweep(before)
    if readable.is_for_sweeps and state is not None and state.state is ReadState.COMPLETE and not is_sweep:
        return 0
    has_since = state is not None and state.since is not None and not is_sweep
    since = state.since - OVERLAP if state is not None and state.since is not None and has_since else None
    try:
        return reader.expected_calls(readable.kind, since, saved=state.items if state is not None else 0)
    except Cancelled:
        raise
    except MatouError as fault:
        if is_dead(fault):
            raise
        return 1
