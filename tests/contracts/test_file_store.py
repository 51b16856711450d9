"""The store in a folder keeps the promise of every store."""

from pathlib import Path

from contracts.stores import StoreContract
from matou.storage.files import FileStore


class TestFileStore(StoreContract):
    def make_store(self, folder: Path) -> FileStore:
        return FileStore(folder / "root", staging=folder / "staging")
