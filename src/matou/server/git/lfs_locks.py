"""Git LFS: locks. https://github.com/git-lfs/git-lfs/blob/main/docs/api/locking.md

The branch that a client names beside a path is not asked for: a path is locked for all of the repository.
"""

import re
from datetime import datetime
from typing import TypeVar

import msgspec

from matou.db.lfs_locks import Lock, LockId
from matou.forge.access import MayReadCode, MayWriteCode
from matou.forge.push import lfs_locks as locks
from matou.forge.push.lfs import require_switched_on
from matou.server.authorization import Admitted, GitRequest, admit_by
from matou.server.git.lfs_links import credential_for
from matou.server.git.lfs_tokens import LfsOperation
from matou.server.git.lfs_wire import UnusableRequest, read_json, send_json
from matou.server.queries import read_fields

CREATED, CONFLICT = 201, 409
R = TypeVar("R", bound=MayReadCode)

USUAL_PAGE = 100
_NUMBER = re.compile(r"[0-9]{1,18}\Z")


class OwnerAnswer(msgspec.Struct, frozen=True):
    name: str


class LockAnswer(msgspec.Struct, frozen=True):
    id: str
    path: str
    locked_at: datetime
    owner: OwnerAnswer


class OneLock(msgspec.Struct, frozen=True, omit_defaults=True):
    lock: LockAnswer
    message: str = ""


class SomeLocks(msgspec.Struct, frozen=True, omit_defaults=True):
    locks: list[LockAnswer]
    next_cursor: str = ""


class LocksToHeed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a client asks for before it pushes; both lists are always there."""

    ours: list[LockAnswer]
    theirs: list[LockAnswer]
    next_cursor: str = ""


class CreateLockParams(msgspec.Struct, frozen=True):
    path: str


class VerifyLocksParams(msgspec.Struct, frozen=True):
    cursor: str | None = None
    limit: int | None = None


class DeleteLockParams(msgspec.Struct, frozen=True):
    force: bool | None = None


async def create(request: GitRequest) -> None:
    admitted, state = await _admit(request, MayWriteCode), request.state
    params = await read_json(request, CreateLockParams)
    try:
        lock = await state.run_in_pool(locks.lock_path, state.forge, admitted.granted, params.path)
    except locks.AlreadyLocked as error:
        await send_json(request, OneLock(_answer(error.lock), str(error)), status=CONFLICT)
        return
    await send_json(request, OneLock(_answer(lock)), status=CREATED)


async def show(request: GitRequest) -> None:
    """All of them, a page at a time, or the one of a path or id."""
    admitted, state = await _admit(request, MayReadCode), request.state
    query = read_fields(request.scope)
    path, lock_id = (query.get(name, [""])[-1] for name in ("path", "id"))
    if path or lock_id:
        number = _number(lock_id) if lock_id else None
        rows = await state.run_in_pool(
            locks.find_locks, state.forge, admitted.granted, path=path or None, lock_id=number
        )
        await send_json(request, SomeLocks([_answer(lock) for lock in rows]))
        return
    cursor, limit = (query.get(name, [""])[-1] for name in ("cursor", "limit"))
    page = await _page(request, admitted, cursor, int(_number(limit)) if limit else 0)
    await send_json(request, SomeLocks([_answer(lock) for lock in page.locks], _cursor(page)))


async def verify(request: GitRequest) -> None:
    """Which locks are the caller's own, and which are in their way."""
    admitted = await _admit(request, MayWriteCode)
    params = await read_json(request, VerifyLocksParams)
    page = await _page(request, admitted, params.cursor or "", params.limit or 0)
    user = admitted.identity.user
    ours = [lock for lock in page.locks if user is not None and lock.owner_id == user.id]
    theirs = [lock for lock in page.locks if lock not in ours]
    await send_json(request, LocksToHeed([*map(_answer, ours)], [*map(_answer, theirs)], _cursor(page)))


async def unlock(request: GitRequest) -> None:
    admitted, state = await _admit(request, MayWriteCode), request.state
    params = await read_json(request, DeleteLockParams)
    lock = await state.run_in_pool(
        locks.unlock,
        state.forge,
        admitted.granted,
        _number(request.target.object_name),
        force=bool(params.force),
    )
    await send_json(request, OneLock(_answer(lock)))


async def _admit(request: GitRequest, right: type[R]) -> Admitted[R]:
    reads = () if issubclass(right, MayWriteCode) else (LfsOperation.DOWNLOAD,)
    credential = await request.state.run_inline_if_fast(credential_for, request, LfsOperation.UPLOAD, *reads)
    admitted = await admit_by(request, right, credential)
    await request.state.run_inline_if_fast(require_switched_on, request.state.forge, admitted.granted)
    return admitted


async def _page(request: GitRequest, admitted: Admitted[MayReadCode], cursor: str, limit: int) -> locks.LockPage:
    if limit < 0:
        raise UnusableRequest("lfs locks limit", limit)
    after = _number(cursor) if cursor else LockId(0)
    state = request.state
    return await state.run_in_pool(
        locks.list_locks, state.forge, admitted.granted, after=after, limit=limit or USUAL_PAGE
    )


def _cursor(page: locks.LockPage) -> str:
    return "" if page.next_after is None else str(page.next_after)


def _number(text: str) -> LockId:
    if not _NUMBER.match(text):
        raise UnusableRequest("lfs lock number", text)
    return LockId(int(text))


def _answer(lock: Lock) -> LockAnswer:
    return LockAnswer(str(lock.id), lock.path, lock.locked_at.replace(microsecond=0), OwnerAnswer(lock.owner_name))
