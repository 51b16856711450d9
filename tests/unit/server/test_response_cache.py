"""Answers that are remembered are bounded, and those of another state of the database are others."""

from matou.server.api.response_cache import OVERHEAD_BYTES, CacheKey, ResponseCache
from matou.server.api.responses import ApiResponse

ANSWER = ApiResponse(200, (), b"x" * 100)


def key(params: str | int, state: int) -> CacheKey:
    return CacheKey(("GET", "/projects"), params, "http://x", "chen", state)


def test_what_is_remembered_of_lists_is_bounded() -> None:
    memory = ResponseCache(most_bytes=10 * (100 + OVERHEAD_BYTES))
    for number in range(50):
        memory.put(key(number, 1), (ANSWER, {}))

    assert [number for number in range(50) if memory.get(key(number, 1))] == list(range(40, 50))


def test_what_was_made_before_a_write_is_not_remembered_after_it() -> None:
    memory = ResponseCache()
    memory.put(key("early", 1), (ANSWER, {}))

    found = [memory.get(key("early", version)) for version in (1, 2)]

    assert found == [ANSWER, None]


def test_pages_that_were_made_together_are_remembered_each_by_its_own_parameters() -> None:
    memory, other = ResponseCache(), ApiResponse(200, (), b"other")
    memory.put(key("first", 1), (ANSWER, {"first": ANSWER, "second": other}))

    assert [memory.get(key(params, 1)) for params in ("first", "second", "third")] == [ANSWER, other, None]


def test_the_answers_of_states_that_have_passed_take_no_room_from_others() -> None:
    memory = ResponseCache(most_bytes=2 * (100 + OVERHEAD_BYTES))
    memory.put(key("other", 1), (ANSWER, {}))
    for state in range(1, 50):
        memory.put(key("often", state), (ANSWER, {}))

    assert memory.get(key("other", 1)) == ANSWER
    assert [state for state in range(1, 50) if memory.get(key("often", state))] == [49]
