"""What every store promises. A new store subclasses `StoreContract` and says how it is made."""

import io
import threading
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from matou.errors import Conflict, MatouError, NotFound
from matou.storage.base import Store

HOSTILE_KEYS = ["", "/", "/etc/passwd", "../outside", "a/../../outside", "a//b", "a/./b", ".", "a\0b", "键"]


class StoreContract(ABC):
    @abstractmethod
    def make_store(self, folder: Path) -> Store: ...

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return self.make_store(tmp_path)

    @pytest.mark.parametrize("size_bytes", [0, 1, 1024 * 1024, 3 * 1024 * 1024 + 1])
    def test_what_was_put_is_what_is_read(self, store: Store, size_bytes: int) -> None:
        data = bytes(index % 251 for index in range(size_bytes))

        written = store.put("a/b/c", io.BytesIO(data))

        with store.open("a/b/c") as file:
            assert file.read() == data
        assert written == store.size("a/b/c") == size_bytes

    def test_the_pieces_of_an_iterable_are_stored_in_order(self, store: Store) -> None:
        store.put("key", (piece for piece in (b"one ", b"", b"two")))

        with store.open("key") as file:
            assert file.read() == b"one two"

    def test_many_small_things_are_each_stored_under_their_own_key(self, store: Store) -> None:
        store.put("a/1", io.BytesIO(b"old"))

        store.put_many({"a/1": b"one", "a/2": b"", "b/c/3": b"three"})
        store.put_many({})

        found = {}
        for key in store.iterate():
            with store.open(key) as file:
                found[key] = file.read()
        assert found == {"a/1": b"one", "a/2": b"", "b/c/3": b"three"}

    @pytest.mark.parametrize("key", HOSTILE_KEYS)
    def test_many_with_a_key_that_would_not_stay_inside_are_refused(self, store: Store, key: str) -> None:
        with pytest.raises(MatouError):
            store.put_many({key: b"content"})

    def test_putting_again_replaces_the_whole(self, store: Store) -> None:
        store.put("key", [b"a long first content"])

        store.put("key", [b"short"])

        with store.open("key") as file:
            assert file.read() == b"short"

    def test_who_reads_while_it_is_replaced_reads_the_old_content_to_its_end(self, store: Store) -> None:
        store.put("key", [b"old"])

        with store.open("key") as file:
            store.put("key", [b"new and longer"])
            assert file.read() == b"old"

    def test_a_source_that_breaks_off_leaves_nothing(self, store: Store) -> None:
        def breaking_off() -> object:
            yield b"half"
            raise ConnectionError

        with pytest.raises(ConnectionError):
            store.put("key", breaking_off())  # type: ignore[arg-type]

        assert not store.exists("key")
        assert list(store.iterate()) == []

    def test_a_source_that_breaks_off_leaves_the_old_content(self, store: Store) -> None:
        def breaking_off() -> object:
            yield b"half"
            raise ConnectionError

        store.put("key", [b"old"])

        with pytest.raises(ConnectionError):
            store.put("key", breaking_off())  # type: ignore[arg-type]

        with store.open("key") as file:
            assert file.read() == b"old"

    def test_staged_bytes_that_are_not_published_are_gone(self, store: Store) -> None:
        with store.stage() as staged:
            staged.write(b"data")

        assert list(store.iterate()) == []

    def test_staged_bytes_are_there_under_the_key_that_they_are_published_as(self, store: Store) -> None:
        with store.stage() as staged:
            staged.write(b"da")
            staged.write(b"ta")
            staged.publish("x/y")

        with store.open("x/y") as file:
            assert file.read() == b"data"

    def test_keys_are_iterated_sorted_and_below_their_prefix(self, store: Store) -> None:
        for key in ("b/2", "a/1/x", "b/1", "bc/1"):
            store.put(key, [b""])

        assert list(store.iterate()) == ["a/1/x", "b/1", "b/2", "bc/1"]
        assert list(store.iterate("b/")) == ["b/1", "b/2"]
        assert list(store.iterate("nothing/")) == []

    def test_sizes_are_told_of_every_key_below_a_prefix(self, store: Store) -> None:
        for key, data in {"a/1": b"", "a/b/2": b"two", "c": b"longer"}.items():
            store.put(key, [data])

        assert dict(store.sizes()) == {"a/1": 0, "a/b/2": 3, "c": 6}
        assert dict(store.sizes("a/")) == {"a/1": 0, "a/b/2": 3}

    def test_what_is_created_takes_no_place_that_is_taken(self, store: Store) -> None:
        store.create("a/1", b"first")

        with pytest.raises(Conflict):
            store.create("a/1", b"second")

        with store.open("a/1") as file:
            assert file.read() == b"first"
        assert list(store.iterate()) == ["a/1"]

    def test_of_many_who_create_at_the_same_time_one_alone_does(self, store: Store) -> None:
        outcomes: list[bool] = []

        def create(number: int) -> None:
            try:
                store.create("key", b"%d" % number)
            except Conflict:
                outcomes.append(False)
            else:
                outcomes.append(True)

        threads = [threading.Thread(target=create, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == [False] * 5 + [True]

    def test_what_is_not_there_is_not_found(self, store: Store) -> None:
        assert not store.exists("no/such")
        for ask in (store.open, store.size, store.delete):
            with pytest.raises(NotFound, match="no/such"):
                ask("no/such")

    def test_what_is_deleted_is_gone(self, store: Store) -> None:
        store.put("a/b", [b"data"])

        store.delete("a/b")

        assert not store.exists("a/b")

    @pytest.mark.parametrize("key", HOSTILE_KEYS)
    def test_a_key_that_would_leave_the_store_is_refused(self, store: Store, key: str) -> None:
        for ask in (
            store.exists,
            store.open,
            store.size,
            store.delete,
            lambda key: store.put(key, [b""]),
            lambda key: store.create(key, b""),
        ):
            with pytest.raises(MatouError):
                ask(key)

    def test_writers_of_one_key_at_the_same_time_leave_one_whole_content(self, store: Store) -> None:
        contents = [bytes([65 + index]) * 200_000 for index in range(6)]
        threads = [threading.Thread(target=store.put, args=("key", [content])) for content in contents]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        with store.open("key") as file:
            assert file.read() in contents
