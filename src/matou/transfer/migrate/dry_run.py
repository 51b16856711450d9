"""What would become of a repository, and why one did not arrive: with what the target may refuse of it."""

from collections.abc import Sequence
from dataclasses import replace

from matou.archive.layout import Archive
from matou.concurrency import WorkerPool
from matou.errors import Conflict, Damaged, MatouError
from matou.model.targets import Capacity, TargetRepository
from matou.transfer.migrate.mover import Mover
from matou.transfer.migrate.plan import Move
from matou.transfer.migrate.refs import ObjectFormatRefused, ShallowHistory, listing_to_move, require_whole_history
from matou.transfer.migrate.report import Moved, MoveOutcome
from matou.transfer.migrate.repository import target_key
from matou.transfer.migrate.size_warnings import size_warnings

NEVER_FOR_SIZE = (Conflict, Damaged, ObjectFormatRefused, ShallowHistory)
"""Why nothing was sent, or what the archive itself lacks."""


def preview(mover: Mover, moves: Sequence[Move], *, jobs: int) -> Sequence[Moved]:
    """Look into those that the target does not have yet, and ask for the refs of those that it has."""

    def one(move: Move) -> Moved:
        existing = mover.existing.get(target_key(move.target_path))
        if existing is not None:
            compared = _compared(mover, move, existing)
            return replace(compared, notes=(*compared.notes, *mover.foreseen(move)))
        try:
            line = move.candidate.line
            require_whole_history(mover.archive, line, listing_to_move(mover.archive, line)[1])
            doubts = size_warnings(mover.archive, line, mover.target.rules.capacity)
            foreseen = mover.foreseen(move)
        except MatouError as fault:
            return Moved(move, MoveOutcome.PLANNED, is_new=True, notes=move.notes, problems=(fault,))
        return Moved(move, MoveOutcome.PLANNED, is_new=True, notes=(*move.notes, *doubts, *foreseen))

    return WorkerPool().map(jobs, one, moves)


def _compared(mover: Mover, move: Move, existing: TargetRepository) -> Moved:
    """What it has already it took, so that nothing is doubted for its size."""
    try:
        return mover.preview(move, existing)
    except MatouError as error:
        return Moved(move, MoveOutcome.FAILED, clone_url=existing.clone_url, notes=move.notes, problems=(error,))


def explained(archive: Archive, capacity: Capacity, move: Move, error: MatouError) -> Moved:
    """One that was not moved, with what may have been too large. What arrived raises no doubt and is not looked into.

    A platform may say so by a refused ref, by status 403 or 413, or by hanging up.
    """
    failed = Moved(move, MoveOutcome.FAILED, notes=move.notes, problems=(error,))
    if isinstance(error, NEVER_FOR_SIZE):
        return failed
    try:
        doubts = size_warnings(archive, move.candidate.line, capacity)
    except MatouError as fault:
        return replace(failed, problems=(error, fault))
    return replace(failed, notes=(*move.notes, *doubts))
