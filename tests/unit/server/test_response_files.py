"""Long answers are made once for all who wait, and kept within bounds; whoever leaves takes nothing from the others."""

import asyncio
import fcntl
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from matou.server import response_files
from matou.server.response_files import Make, ResponseFiles, ResponseKey, Write, remove_leftovers

KEY = ResponseKey(1, "state", "clone")
LONG = b"x" * 100_000


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(20):
            await scenario()

    asyncio.run(main())


class Source:
    """Makes an answer of so many pieces, as far as it is allowed to."""

    def __init__(self, pieces: int = 3, failure: Exception | None = None) -> None:
        self.begun = 0
        self.was_cancelled = False
        self.may_go_on = asyncio.Semaphore(0)
        self._pieces = pieces
        self._failure = failure

    async def make(self, write: Write) -> None:
        self.begun += 1
        try:
            for number in range(self._pieces):
                await self.may_go_on.acquire()
                await write(b"%d" % number + LONG)
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        if self._failure is not None:
            raise self._failure

    def go_on(self, pieces: int = 3) -> None:
        for _ in range(pieces):
            self.may_go_on.release()

    @property
    def whole(self) -> bytes:
        return b"".join(b"%d" % number + LONG for number in range(self._pieces))


async def read(kept: ResponseFiles, make: Make, key: ResponseKey = KEY) -> bytes:
    async with kept.reading(key, make) as making:
        return b"".join([piece async for piece in making.chunks()])


async def fill(kept: ResponseFiles, key: ResponseKey, size_bytes: int) -> None:
    async def make(write: Write) -> None:
        await write(b"x" * size_bytes)

    await read(kept, make, key)
    await asyncio.sleep(0)


def files(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file() and path.name != "lock")


def test_all_who_wait_get_what_is_made_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        kept, source = ResponseFiles(tmp_path), Source()
        reading = [asyncio.ensure_future(read(kept, source.make)) for _ in range(4)]
        await asyncio.sleep(0)
        source.go_on(1)
        await asyncio.sleep(0.01)
        late = asyncio.ensure_future(read(kept, source.make))
        source.go_on(2)

        assert await asyncio.gather(*reading, late) == [source.whole] * 5
        assert source.begun == 1
        found = kept.whole(KEY)
        assert found is not None
        assert found[0].read_bytes() == source.whole
        assert found[1] == len(source.whole)

    run(scenario)


def test_when_the_first_leaves_the_others_still_get_theirs(tmp_path: Path) -> None:
    async def scenario() -> None:
        kept, source = ResponseFiles(tmp_path), Source()
        first, second = (asyncio.ensure_future(read(kept, source.make)) for _ in range(2))
        await asyncio.sleep(0)
        source.go_on(1)
        await asyncio.sleep(0.01)

        first.cancel()
        source.go_on(2)

        assert await second == source.whole

    run(scenario)


def test_when_all_leave_it_ends_and_leaves_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        kept, source = ResponseFiles(tmp_path), Source()
        reading = [asyncio.ensure_future(read(kept, source.make)) for _ in range(2)]
        await asyncio.sleep(0)
        source.go_on(1)
        await asyncio.sleep(0.01)

        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        await asyncio.sleep(0.01)

        assert source.was_cancelled
        assert kept.whole(KEY) is None
        assert files(tmp_path) == 0
        source.go_on(3)
        assert await read(kept, source.make) == source.whole  # and begins anew for the next

    run(scenario)


def test_what_fails_is_told_to_all_and_not_kept(tmp_path: Path) -> None:
    async def scenario() -> None:
        kept, source = ResponseFiles(tmp_path), Source(failure=ValueError("git died"))
        source.go_on(3)

        for result in await asyncio.gather(*(read(kept, source.make) for _ in range(2)), return_exceptions=True):
            assert isinstance(result, ValueError)
        await asyncio.sleep(0)

        assert kept.whole(KEY) is None
        assert files(tmp_path) == 0

    run(scenario)


def test_the_least_used_goes_and_not_what_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, three, four = (ResponseKey(number, "state", "clone") for number in range(4))

    async def scenario() -> None:
        kept = ResponseFiles(tmp_path, most_bytes=250)
        await fill(kept, one, 100)
        await fill(kept, two, 100)
        await fill(kept, three, 100)
        assert [kept.whole(key) is not None for key in (one, two, three)] == [True, True, False]

        monkeypatch.setattr(response_files, "SECONDS_IN_USE", -1.0)
        kept.whole(one)
        await fill(kept, four, 100)
        assert [kept.whole(key) is not None for key in (one, two, four)] == [True, False, True]
        assert files(tmp_path) == 2

    run(scenario)


def test_another_state_of_a_repository_takes_the_place_of_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_files, "SECONDS_IN_USE", -1.0)

    async def scenario() -> None:
        kept = ResponseFiles(tmp_path)
        before, after, other = ResponseKey(1, "a", "x"), ResponseKey(1, "b", "x"), ResponseKey(2, "a", "x")
        lasting = ResponseKey(1, None, "x")
        for key in (before, other, lasting, after):
            await fill(kept, key, 10)

        there = [kept.whole(key) is not None for key in (before, after, other, lasting)]
        assert there == [False, True, True, True]
        assert files(tmp_path) == 3

    run(scenario)


def test_what_is_larger_than_half_of_all_room_is_not_kept(tmp_path: Path) -> None:
    kept = ResponseFiles(tmp_path, most_bytes=1_000)

    assert kept.has_room_for(500)
    assert not kept.has_room_for(501)


def test_leftovers_of_processes_that_have_ended_are_removed_and_others_are_not(tmp_path: Path) -> None:
    for name in ("dead", "alive"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lock").touch()
        (tmp_path / name / "1").write_bytes(b"x")
    with (tmp_path / "alive/lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        remove_leftovers(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["alive"]


def test_the_cache_may_be_deleted_at_any_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        kept = ResponseFiles(tmp_path / "answers")
        await fill(kept, KEY, 10)
        shutil.rmtree(tmp_path / "answers")

        assert kept.whole(KEY) is None
        assert kept.has_room_for(10)
        await fill(kept, KEY, 10)
        assert kept.whole(KEY) is not None

    run(scenario)


def test_nothing_stays_when_a_server_ends(tmp_path: Path) -> None:
    async def scenario() -> None:
        kept = ResponseFiles(tmp_path)
        await fill(kept, KEY, 10)
        kept.close()

    run(scenario)

    assert list(tmp_path.iterdir()) == []
