"""The store of files with names in any language keeps the promise of every store, and follows no link."""

from pathlib import Path

import pytest

from contracts.stores import StoreContract
from matou.errors import MatouError
from matou.storage.trees import SymbolicLink, TreeStore, key_of_path, path_of_key


class TestTreeStore(StoreContract):
    def make_store(self, folder: Path) -> TreeStore:
        return TreeStore(folder / "root", staging=folder / "staging")


@pytest.fixture
def store(tmp_path: Path) -> TreeStore:
    return TreeStore(tmp_path / "root", staging=tmp_path / "staging")


def test_a_name_in_any_language_is_a_key_and_stands_under_itself(store: TreeStore) -> None:
    path = "repositories/码头/a b%41@x.git/HEAD"

    store.put_soon(key_of_path(path), [b"ref"])
    store.flush()

    assert (store.root / path).read_bytes() == b"ref"
    assert [path_of_key(key) for key in store.iterate()] == [path]
    assert [path_of_key(key) for key in store.iterate(key_of_path("repositories/码头") + "/")] == [path]


@pytest.mark.parametrize("key", ["%2e%2e/x", "a/%2E%2E/x", "a%2Fb", "a%00b", "%41", "a%zz", "%e7%a0%81", "a/%"])
def test_a_key_that_is_written_another_way_is_refused(store: TreeStore, key: str) -> None:
    with pytest.raises(MatouError):
        store.put(key, [b""])


@pytest.mark.parametrize("key", ["link/file", "link"])
def test_nothing_is_written_or_read_through_a_symbolic_link(store: TreeStore, tmp_path: Path, key: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("theirs")
    store.put("own", [b""])
    (store.root / "link").symlink_to(outside)

    for use in (store.open, store.exists, store.delete, lambda key: store.put_soon(key, [b"ours"])):
        with pytest.raises(SymbolicLink):
            use(key)

    assert list(store.iterate()) == ["own"]
    assert (outside / "file").read_text() == "theirs"
