"""A repository's line in the manifest: what the platform tells now, over what was last saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from matou.archive.manifest import LfsState, Outcome, Proof, RepositoryLine
from matou.errors import MatouError
from matou.model.names import RefName
from matou.model.platform import RemoteNamespace, RemoteRepository
from matou.model.refs import RefListing
from matou.transfer.backup.plan import BackupTask

LEFT_OUT = "left out, as no backup needs it: {fault}"

HEADS = "refs/heads/"

PASSING: Mapping[str, Any] = {"proof": None, "reason": None, "kept": (), "received_bytes": 0, "seconds": 0.0}
"""What a line says of its own run alone."""


class LeftOutFields(MatouError):
    """Something of a repository could not be read that no backup needs; the answer is in the records."""


@dataclass(frozen=True, slots=True)
class SavedState:
    """What a run put into the archive for one repository, or found there already."""

    snapshot: str
    refs: int
    kept: tuple[RefName, ...] = ()
    not_stored: tuple[str, ...] = ()
    lfs: LfsState | None = None
    received_bytes: int = 0


def line_of(
    task: BackupTask,
    outcome: Outcome,
    *,
    proof: Proof | None = None,
    reason: MatouError | None = None,
) -> RepositoryLine:
    """The line of a repository whose saved state is that of the last run, if there is one."""
    remote = task.remote
    before = task.previous
    return msgspec.structs.replace(
        before or _new_line(remote, outcome),
        namespace=remote.namespace_id,
        name=remote.name,
        path=str(task.place),
        description=remote.description,
        clone_url=remote.clone_url,
        version_control=remote.version_control,
        visibility=remote.visibility,
        created_at=remote.created_at,
        last_push_at=remote.last_push_at,
        default_branch=remote.default_branch or (before.default_branch if before else None),
        outcome=outcome,
        **{**PASSING, "proof": proof, "reason": _reason(remote, reason)},
    )


def left_out(remote: RemoteRepository | RemoteNamespace) -> list[MatouError]:
    """What there is to say of fields that the platform told and nobody could read."""
    return [LeftOutFields(LEFT_OUT, fault=fault) for fault in remote.left_out]


def _reason(remote: RemoteRepository, reason: MatouError | None) -> str | None:
    said = [reason] if reason else left_out(remote)
    return "; ".join(map(str, said)) or None


def _new_line(remote: RemoteRepository, outcome: Outcome) -> RepositoryLine:
    return RepositoryLine(
        id=remote.id,
        namespace=remote.namespace_id,
        name=remote.name,
        path="",
        clone_url=remote.clone_url,
        version_control=remote.version_control,
        visibility=remote.visibility,
        outcome=outcome,
    )


def with_saved_state(line: RepositoryLine, state: SavedState, *, run: int) -> RepositoryLine:
    """The line of a repository that this run fetched, or found to be something else than the last run did."""
    return msgspec.structs.replace(
        line,
        snapshot=state.snapshot,
        saved_in=run,
        refs=state.refs,
        kept=tuple(state.kept),
        not_stored=state.not_stored,
        lfs=state.lfs,
        received_bytes=state.received_bytes,
    )


def line_of_absent(row: RepositoryLine, outcome: Outcome, reason: MatouError) -> RepositoryLine:
    return msgspec.structs.replace(row, **{**PASSING, "outcome": outcome, "reason": str(reason)})


def with_default_branch(line: RepositoryLine, task: BackupTask, listing: RefListing) -> RepositoryLine:
    """What HEAD points at, where the platform's listing does not say which branch is the default."""
    if task.remote.default_branch is not None or listing.head is None or not listing.head.startswith(HEADS):
        return line
    return msgspec.structs.replace(line, default_branch=listing.head.removeprefix(HEADS))
