"""What a source has and its last run could not have, beyond single repositories: kinds of metadata, and whole lists."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from matou.archive.manifest import KindState, NamespaceLine, ReadState, RepositoryLine, UnseenLine
from matou.transfer.backup.metadata.kind_names import KIND_NAMES
from matou.transfer.backup.report import NOT_LOOKED_FOR


class GapCause(StrEnum):
    """Why something could not be had, which decides what to do about it."""

    REFUSED = "refused"
    """The credential may not read this kind."""
    BROKEN_OFF = "broken off"
    """Reading it failed; the next run asks again."""
    MISSING = "missing"
    """Files that the platform names, and does not give."""
    HIDDEN = "hidden"
    """The credential may not see it, or nobody could read it."""
    NOT_GIVEN = "not given"
    """The platform has it and gives it to no program."""


@dataclass(frozen=True, slots=True)
class BackupGap:
    """One thing that could not be had.

    Attributes:
        what: the name of a kind of metadata, or else what the manifest calls it.
        cause: why, in a word.
        reason: why, in the platform's words or ours.
        owners: in how many repositories and namespaces; 0 where it is of the source as a whole.
        first: the path of the first of them.
        files: how many files are missing.
    """

    what: str
    cause: GapCause
    reason: str
    owners: int = 0
    first: str = ""
    files: int = 0

    @property
    def is_fault(self) -> bool:
        """Whether it was to be saved and is not, so that the source is not complete."""
        return self.cause in _FAULTS


_FAULTS: Final = frozenset({GapCause.REFUSED, GapCause.BROKEN_OFF, GapCause.MISSING})
_CAUSES: Final[Mapping[ReadState, GapCause]] = {
    ReadState.REFUSED: GapCause.REFUSED,
    ReadState.BROKEN_OFF: GapCause.BROKEN_OFF,
}
_KINDS_BY_WHAT: Final[Mapping[str, str]] = {
    **{str(phrase): name for name, phrase in KIND_NAMES.items()},
    **{name: name for name in KIND_NAMES},
}
"""What the lines of manifests call a kind that nobody is given, of now and of before it had a name for people."""


def gaps_of(
    lines: Iterable[NamespaceLine | RepositoryLine], unseen: Iterable[UnseenLine], *, is_code_only: bool
) -> tuple[BackupGap, ...]:
    """What the lines of a manifest say was not to be had; what weighs most comes first.

    Args:
        is_code_only: nothing but code was wanted, so that the kinds stand as an earlier run left them.
    """
    found = {} if is_code_only else _gaps_of_kinds(lines)
    return (*sorted(found.values(), key=_weight), *map(_gap_of_unseen, unseen))


def _gaps_of_kinds(lines: Iterable[NamespaceLine | RepositoryLine]) -> Mapping[tuple[str, GapCause], BackupGap]:
    found: dict[tuple[str, GapCause], BackupGap] = {}
    for line in lines:
        for name, state in _kinds_looked_for(line):
            if state.is_done:
                continue
            cause = _CAUSES.get(state.state, GapCause.MISSING if state.state.is_done else GapCause.BROKEN_OFF)
            before = found.get((name, cause)) or BackupGap(name, cause, state.reason or "", 0, line.path)
            files = before.files + state.missing
            found[name, cause] = BackupGap(name, cause, before.reason, before.owners + 1, before.first, files)
    return found


def _kinds_looked_for(line: NamespaceLine | RepositoryLine) -> Iterator[tuple[str, KindState]]:
    is_passed_over = not line.seen if isinstance(line, NamespaceLine) else line.outcome in NOT_LOOKED_FOR
    if line.metadata is not None and not is_passed_over:
        yield from line.metadata.kinds.items()


def _gap_of_unseen(line: UnseenLine) -> BackupGap:
    kind = _KINDS_BY_WHAT.get(line.what)
    if kind is not None:
        return BackupGap(kind, GapCause.NOT_GIVEN, line.reason)
    return BackupGap(line.what, GapCause.HIDDEN, line.reason)


def _weight(gap: BackupGap) -> tuple[int, int]:
    return list(GapCause).index(gap.cause), -gap.owners
