"""Pages that cost work have places, fewer for whoever is not signed in; who finds none is told to come back."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from matou.server.errors import answer_for
from matou.server.expensive_pages import ExpensivePages, SignInNeeded, TooManyExpensivePages, is_expensive


@pytest.mark.parametrize(
    ("address", "query", "is_one"),
    [
        ("team/ship/-/blame/main/a", {}, True),
        ("team/ship/-/@7/blame/main/a", {}, True),
        ("team/ship/-/history/main/a", {}, True),
        ("team/ship/-/compare/a...b", {}, True),
        ("team/ship/-/archive/main.zip", {}, True),
        ("-/search", {"q": "x"}, True),
        ("team/ship/-/find/main", {"path": "x"}, True),
        ("team/ship/-/commit/ab.patch", {}, True),
        ("team/ship/-/commit/ab", {}, False),
        ("team/ship/-/commits/main", {"message": "x"}, True),
        ("team/ship/-/commits/main", {"page": "2"}, False),
        ("team/ship/-/blob/main/blame", {}, False),
        ("team/blame", {}, False),
        ("team/ship/-", {}, False),
    ],
)
def test_a_page_costs_work_by_its_first_word(address: str, query: dict[str, str], is_one: bool) -> None:
    assert is_expensive(address.split("/"), query) == is_one


async def ask(pages: ExpensivePages, caller: str, held: AsyncExitStack, *, is_signed_in: bool) -> str:
    try:
        await held.enter_async_context(pages.place(caller, is_signed_in=is_signed_in))
    except TooManyExpensivePages:
        return "come back"
    return "in"


async def crowd(pages: ExpensivePages, callers: list[str], *, is_signed_in: bool = False) -> list[str]:
    """What each is told while nobody leaves; those that wait are not told anything."""
    async with AsyncExitStack() as held:
        requests_seen = [asyncio.ensure_future(ask(pages, each, held, is_signed_in=is_signed_in)) for each in callers]
        for _ in range(50):
            await asyncio.sleep(0)
        told = [one.result() if one.done() else "waits" for one in requests_seen]
        for one in requests_seen:
            one.cancel()
        await asyncio.gather(*requests_seen, return_exceptions=True)
    return told


def test_a_crawler_has_few_places_and_no_endless_queue() -> None:
    told = asyncio.run(crowd(ExpensivePages(), ["crawler"] * 64))

    assert (told.count("in"), told.count("waits"), told.count("come back")) == (1, 7, 56)


def test_crawlers_together_leave_places_to_people() -> None:
    async def both() -> tuple[list[str], list[str]]:
        pages = ExpensivePages()
        async with AsyncExitStack() as held:
            requests_seen = [
                asyncio.ensure_future(ask(pages, str(each), held, is_signed_in=False)) for each in range(64)
            ]
            for _ in range(50):
                await asyncio.sleep(0)
            people = await crowd(pages, ["anna", "bob"], is_signed_in=True)
            told = [one.result() if one.done() else "waits" for one in requests_seen]
            for one in requests_seen:
                one.cancel()
            await asyncio.gather(*requests_seen, return_exceptions=True)
        return told, people

    told, people = asyncio.run(both())

    assert (told.count("in"), told.count("waits"), told.count("come back")) == (2, 14, 48)
    assert people == ["in", "in"]


def test_who_is_sent_away_is_told_when_to_come_back() -> None:
    async def fill() -> TooManyExpensivePages:
        pages = ExpensivePages()
        async with AsyncExitStack() as held:
            requests_seen = [asyncio.ensure_future(ask(pages, "crawler", held, is_signed_in=False)) for _ in range(8)]
            await asyncio.sleep(0)
            try:
                with pytest.raises(TooManyExpensivePages) as raised:
                    await held.enter_async_context(pages.place("crawler", is_signed_in=False))
            finally:
                for one in requests_seen:
                    one.cancel()
                await asyncio.gather(*requests_seen, return_exceptions=True)
        return raised.value

    failure = answer_for(asyncio.run(fill()))

    assert failure.status == 429
    assert failure.headers == ((b"retry-after", b"20"),)


def test_an_operator_may_ask_for_an_account() -> None:
    pages = ExpensivePages(sign_in_needed=True)

    async def enter(*, is_signed_in: bool) -> None:
        async with pages.place("somebody", is_signed_in=is_signed_in):
            pass

    asyncio.run(enter(is_signed_in=True))
    with pytest.raises(SignInNeeded):
        asyncio.run(enter(is_signed_in=False))
