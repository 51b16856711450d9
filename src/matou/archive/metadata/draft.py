"""The tree of a metadata repository as a run leaves it, until it becomes a commit."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from matou.archive.metadata.about import About, decode_about, encode_about
from matou.archive.metadata.counts import RunningCounts
from matou.archive.metadata.items import item_files, read_item
from matou.archive.metadata.json_form import decode_table, encode_table
from matou.archive.metadata.lists import LISTS, LONGEST_LIST, README, item_list, readme
from matou.archive.metadata.pointers import ATTRIBUTES, pointer_text, pointers_of
from matou.archive.metadata.reader import LARGEST_FILE_BYTES
from matou.archive.metadata.tree_paths import (
    ABOUT,
    ATTRIBUTES_FILE,
    is_first_part,
    key_of,
    natural_order,
    part_of,
    path_of,
)
from matou.archive.metadata.unknown_keys import with_unknown_of
from matou.git.odb.blobs import read_blob
from matou.git.odb.objects import find_commit, open_repository
from matou.git.odb.pack_writer import PackWriter
from matou.git.odb.quarantine import ObjectKind, name_object
from matou.git.operations.lfs import LfsPointer, parse_pointer
from matou.git.operations.tree_update import TreeUpdate
from matou.model.metadata import Item, JsonObject, MetadataValue, Participant
from matou.model.metadata.kinds import KINDS, PERSON, SETTING, MetadataKind, TreeLayout
from matou.model.names import ObjectId

DEFAULT_LANGUAGE: Final = "en"


class MetadataDraft:
    """What is there and what was put, as one tree.

    Args:
        git_dir: the repository.
        parent: the commit on which it builds; None for an empty tree.
        objects: where new objects go; called when the first one comes.
    """

    def __init__(self, git_dir: Path, parent: ObjectId | None, objects: Callable[[], PackWriter], *, run: int) -> None:
        self._run = run
        self._objects = objects
        self._repository = None if parent is None else open_repository(git_dir)
        self._root = None if self._repository is None or parent is None else find_commit(self._repository, parent).tree
        self._tree = TreeUpdate(self._repository, self._root)
        self._has_written = False
        self._tables: dict[str, dict[str, Any]] = {}
        self._changed_tables: set[str] = set()
        about = self.read(ABOUT)
        self._about = None if about is None else decode_about(about)
        self.counts = RunningCounts({} if self._about is None else self._about.counts)

    def read(self, path: str) -> bytes | None:
        """A file as it will be."""
        blob = self._tree.find(path)
        if blob is None:
            return None
        written = self._objects().read(blob) if self._has_written else None
        if written is not None or self._repository is None:
            return written
        return read_blob(self._repository, blob, largest_bytes=LARGEST_FILE_BYTES)

    def find(self, kind: MetadataKind, key: str) -> MetadataValue | None:
        if kind.layout is TreeLayout.TABLE:
            found: MetadataValue | None = self._table(kind).get(key)
            return found
        return read_item(kind, path_of(kind, key), self.read)

    def put(self, kind: MetadataKind, value: MetadataValue) -> bool:
        key = key_of(kind, value)
        if kind.layout is TreeLayout.TABLE:
            return self._put_row(kind, key, value)
        return self._put_item(kind, key, value)

    def put_settings(self, settings: JsonObject) -> bool:
        if self._table(SETTING) == settings:
            return False
        self._tables[SETTING.name] = dict(settings)
        self._changed_tables.add(SETTING.name)
        self.counts.of(SETTING).changed.update(settings)
        return True

    def mark_gone(self, kind: MetadataKind, listed: Collection[str]) -> int:
        present = set(listed)
        for key in self.counts.gone(kind) & present:
            self._set_gone(kind, self.find(kind, key), None)
        gone = [value for value in self._unlisted(kind, present) if getattr(value, "gone_in", None) is None]
        for value in gone:
            self._set_gone(kind, value, self._run)
        self.counts.found_gone(kind, (key_of(kind, value) for value in gone))
        return len(gone)

    def finish(self, identity: About, language: str | None) -> bool:
        """Write what follows from the items; False where nothing has changed."""
        for name in sorted(self._changed_tables):
            self._write_table(KINDS[name])
        language = language or (self._about.language if self._about is not None else DEFAULT_LANGUAGE)
        has_other_language = self._about is not None and self._about.language != language
        if not self._has_changed() and not has_other_language:
            return False
        self._store(ATTRIBUTES_FILE, ATTRIBUTES)
        about = replace(identity, run=self._run, language=language, counts=self.counts.for_about())
        self._store(ABOUT, encode_about(about if self._about is None else with_unknown_of(self._about, about)))
        self._write_lists(about)
        return True

    def _write_lists(self, about: About) -> None:
        self._store(README, readme(about))
        people: dict[str, Participant] = self._table(PERSON)
        for path, kind in LISTS.items():
            count = about.counts.get(kind.name)
            if count is not None:
                items = self._latest(kind)
                self._store(path, item_list(kind, items, people, count=count.items, language=about.language))

    def _latest(self, kind: MetadataKind) -> Iterator[tuple[str, Item]]:
        """The items with the highest numbers, highest first; only folders of these are read."""
        for path in islice(self._newest_paths(kind), LONGEST_LIST):
            item = read_item(kind, path, self.read)
            if isinstance(item, Item):
                yield path, item

    def _newest_paths(self, kind: MetadataKind) -> Iterator[str]:
        for folder in sorted(self._tree.names(kind.place), key=natural_order, reverse=True):
            place = f"{kind.place}/{folder}"
            for name in sorted(self._tree.names(place), key=natural_order, reverse=True):
                if is_first_part(name):
                    yield f"{place}/{name}"

    def write_tree(self) -> ObjectId:
        self._root = self._tree.write(self._objects())
        return self._root

    def _has_changed(self) -> bool:
        """Whether the tree is another one, and not only was for a while."""
        if not self._tree.is_changed:
            return False
        root = self._tree.write(self._objects())
        if root == self._root:
            return False
        # It will be another one still: about.json has not been written.
        self._objects().forget(root)
        return True

    def _put_item(self, kind: MetadataKind, key: str, value: MetadataValue) -> bool:
        path = path_of(kind, key)
        old = None
        if self._tree.find(path) is not None:
            if self._is_same(item_files(kind, value, path)):
                return False
            old = read_item(kind, path, self.read)
        if old is not None:
            value = with_unknown_of(old, value)
        files = item_files(kind, value, path)
        if old is not None and self._is_same(files):
            return False
        for place, content in files:
            self._store(place, content)
        self._remove_parts(path, first=len(files) + 1)
        self.counts.item_written(kind, key, old, value)
        self._put_pointers(value)
        return True

    def _is_same(self, files: list[tuple[str, bytes]]) -> bool:
        path, _ = files[0]
        return self._tree.find(part_of(path, len(files) + 1)) is None and all(
            self._tree.find(place) == name_object(ObjectKind.BLOB, content) for place, content in files
        )

    def _remove_parts(self, path: str, *, first: int) -> None:
        number = first
        while self._tree.remove(part_of(path, number)):
            number += 1

    def _put_pointers(self, value: MetadataValue) -> None:
        for kind, path, pointer in pointers_of(value):
            text = pointer_text(pointer)
            old = self._pointer(path)
            # Another file may be the same bytes: what is replaced is not forgotten.
            if self._tree.put(path, self._write(text)):
                old_bytes = None if old is None else old.size_bytes
                self.counts.pointer_written(kind, path, old_bytes=old_bytes, new_bytes=pointer.size_bytes)

    def _pointer(self, path: str) -> LfsPointer | None:
        content = self.read(path)
        return None if content is None else parse_pointer(content)

    def _store(self, path: str, content: bytes) -> None:
        """A file whose content no other file has: the one that it replaces is named no more."""
        old = self._tree.find(path)
        if self._tree.put(path, self._write(content)) and old is not None:
            self._objects().forget(old)

    def _write(self, content: bytes) -> ObjectId:
        self._has_written = True
        return self._objects().write_object(ObjectKind.BLOB, content)

    def _put_row(self, kind: MetadataKind, key: str, value: MetadataValue) -> bool:
        table = self._table(kind)
        old = table.get(key)
        if old is not None:
            value = with_unknown_of(old, _completed(old, value))
        if old == value:
            return False
        table[key] = value
        self._changed_tables.add(kind.name)
        self.counts.item_written(kind, key, old, value)
        self._put_pointers(value)
        return True

    def _table(self, kind: MetadataKind) -> dict[str, Any]:
        if kind.name not in self._tables:
            content = self.read(kind.place)
            self._tables[kind.name] = {} if content is None else decode_table(kind.value, content, path=kind.place)
        return self._tables[kind.name]

    def _write_table(self, kind: MetadataKind) -> None:
        table = self._tables[kind.name]
        self._store(kind.place, encode_table({key: table[key] for key in sorted(table, key=natural_order)}))
        self.counts.table_written(kind, table)

    def _unlisted(self, kind: MetadataKind, listed: set[str]) -> list[MetadataValue]:
        """The items of a kind that a listing does not have."""
        if kind.layout is TreeLayout.TABLE:
            return [value for key, value in self._table(kind).items() if key not in listed]
        standing = {path_of(kind, key) for key in listed}
        paths = [path for path in self._tree.files(kind.place) if path not in standing and _begins_item(kind, path)]
        found = (read_item(kind, path, self.read) for path in paths)
        return [value for value in found if value is not None]

    def _set_gone(self, kind: MetadataKind, value: MetadataValue | None, run: int | None) -> None:
        if value is not None:
            self.put(kind, replace(value, gone_in=run))  # type: ignore[call-arg]


def _begins_item(kind: MetadataKind, path: str) -> bool:
    return kind.layout is not TreeLayout.NUMBERED or is_first_part(path)


def _completed(old: MetadataValue, new: MetadataValue) -> MetadataValue:
    """Of a person, what is not told this time was told before."""
    if not isinstance(new, Participant) or not isinstance(old, Participant):
        return new
    untold = {one.name: getattr(old, one.name) for one in fields(new) if getattr(new, one.name) is None}
    extra = {**(old.extra or {}), **(new.extra or {})} or None
    return replace(new, **{**untold, "extra": extra})
