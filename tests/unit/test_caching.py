"""What is remembered stays within its bounds, and what was asked for lately stays longest."""

from collections.abc import Iterable
from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from matou.caching import SizedCache


def filled(most: int, keys: Iterable[str]) -> SizedCache[str, str]:
    cache = SizedCache[str, str](most)
    for key in keys:
        cache.put(key, key)
    return cache


def test_what_was_asked_for_longest_ago_goes_first() -> None:
    cache = filled(3, "abc")

    assert cache.get("a") == "a"
    cache.put("d", "d")

    assert set(cache.list_keys()) == set("acd")


def test_a_value_takes_the_room_that_it_says() -> None:
    cache = SizedCache[str, bytes](10, size_of=len)
    cache.put("a", b"1234")
    cache.put("b", b"1234")

    cache.put("c", b"1234")

    assert set(cache.list_keys()) == {"b", "c"}


def test_a_value_that_has_grown_is_put_again_with_its_new_size() -> None:
    cache = SizedCache[str, bytearray](10, size_of=len)
    growing = bytearray(b"1")
    cache.put("a", growing)
    cache.put("b", bytearray(b"1234"))
    growing += b"2345678"

    cache.put("a", growing)

    assert cache.list_keys() == ("a",)


def test_a_value_larger_than_everything_is_not_remembered_nor_is_what_it_replaces() -> None:
    cache = SizedCache[str, bytes](10, size_of=len)
    cache.put("a", b"1")
    cache.put("b", b"1")

    cache.put("a", b"x" * 11)

    assert cache.list_keys() == ("b",)


def test_who_asked_is_told_what_goes_for_want_of_room_and_not_what_is_replaced_or_taken() -> None:
    gone: list[tuple[str, int]] = []
    cache = SizedCache[str, int](2, dropped=lambda key, value: gone.append((key, value)))
    for number, key in enumerate("aabcb"):
        cache.put(key, number)

    assert cache.pop("b") == 4
    assert gone == [("a", 1)]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 12)), max_size=40))
def test_all_together_never_take_more_than_they_may(puts: list[tuple[str, int]]) -> None:
    cache = SizedCache[str, int](10, size_of=lambda size: size)
    for key, size in puts:
        cache.put(key, size)

        assert sum(cache.get(key) or 0 for key in cache.list_keys()) <= 10


def test_threads_may_use_it_at_once() -> None:
    cache = SizedCache[int, int](50)
    wrong: list[int] = []

    def use(offset: int) -> None:
        for number in range(3000):
            key = (number * 7 + offset) % 100
            cache.put(key, key)
            if cache.get(key) not in {None, key}:
                wrong.append(key)

    threads = [Thread(target=use, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (wrong, len(cache)) == ([], 50)
