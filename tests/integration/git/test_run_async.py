"""Children of the asynchronous edge: the same jail, at the reader's pace, gone when the reader is."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from tempfile import SpooledTemporaryFile

import pytest

from matou.git.process.run import GitFailed, GitStopped, Limits, start_git_async
from support.git_repositories import git, make_repository

MEBIBYTE = 1024 * 1024


def bytes_written_by(pid: int) -> int:
    return int(Path(f"/proc/{pid}/io").read_text().split("wchar: ")[1].split()[0])


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def quarantines(repository: Path) -> list[Path]:
    return list((repository / "objects").glob("tmp_objdir-*"))


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await work()

    asyncio.run(main())


def test_input_goes_in_and_output_comes_out() -> None:
    async def work() -> None:
        async with start_git_async(["stripspace"]) as child:
            await child.write(b"one\n\n\n\ntwo\n")
            await child.close_stdin()
            assert await child.read(100) == b"one\n\ntwo\n"
            assert await child.read(100) == b""
            await child.finish()

    run(work)


def test_a_file_is_read_from_where_it_stands() -> None:
    async def work() -> None:
        with SpooledTemporaryFile(1000) as body:
            body.write(b"skipped\nread\n")
            body.seek(8)
            async with start_git_async(["stripspace"], stdin=body) as child:
                assert await child.read(100) == b"read\n"
                await child.finish()

    run(work)


def test_a_failure_is_told_in_git_s_words(tmp_path: Path) -> None:
    async def work() -> None:
        async with start_git_async(["cat-file", "-p", "nothing"], git_dir=tmp_path) as child:
            await child.close_stdin()
            assert await child.read(100) == b""
            with pytest.raises(GitFailed, match="exited 128"):
                await child.finish()

    run(work)


def test_a_slow_reader_slows_git_down(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "r.git", commits=6, file_bytes=MEBIBYTE)
    ids = git(repository, "rev-list", "--objects", "--all").encode()

    async def work() -> None:
        async with start_git_async(["pack-objects", "--stdout", "-q"], git_dir=repository) as child:
            await child.write(ids)
            await child.close_stdin()
            await child.read(1)
            await asyncio.sleep(0.5)
            assert bytes_written_by(child.pid) < MEBIBYTE

    run(work)


def test_leaving_early_ends_the_child_at_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with start_git_async(["-c", "alias.nap=!yes & sleep 60", "nap"]) as child:
            await child.read(10)
        assert not is_there(child.pid)

    run(work)


def test_a_push_that_is_broken_off_leaves_no_quarantine(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "r.git")
    oid = git(repository, "rev-parse", "main")
    command = f"{'0' * 40} {oid[:-1]}0 refs/heads/new\0report-status\n".encode()
    beginning = b"%04x%b0000PACK\0\0\0\2\0\0\0\5" % (len(command) + 4, command)

    seen: list[Path] = []

    async def work() -> None:
        async with start_git_async(["receive-pack", "--stateless-rpc", str(repository)], git_dir=repository) as child:
            await child.write(beginning)
            await asyncio.sleep(0.5)
            seen.extend(quarantines(repository))

    run(work)

    assert len(seen) == 1
    assert quarantines(repository) == []


def test_a_child_that_takes_too_long_is_ended() -> None:
    async def work() -> None:
        limits = Limits(wall=timedelta(seconds=0.2))
        async with start_git_async(["-c", "alias.nap=!sleep 60", "nap"], limits=limits) as child:
            assert await child.read(1) == b""
            with pytest.raises(GitStopped):
                await child.finish()

    run(work)


def test_cancelling_the_reader_ends_the_child() -> None:
    pids: list[int] = []

    async def read_for_ever() -> None:
        async with start_git_async(["-c", "alias.nap=!sleep 60", "nap"]) as child:
            pids.append(child.pid)
            await child.read(1)

    async def work() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read_for_ever(), 0.3)

    run(work)

    assert not is_there(pids[0])
