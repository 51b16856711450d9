"""The files of a project that were saved, by CODING's numbers for them: those of issues, the wiki, announcements."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from matou.archive.metadata.items import files_in
from matou.caching import SizedCache
from matou.db.items import ItemOrder, ItemQuery, ItemVisibility
from matou.forge.conversation.conversation import Conversation, NoSuchItemFile
from matou.model.metadata import AttachedFile
from matou.model.metadata.kinds import ANNOUNCEMENT, ISSUE, WIKI_PAGE, WIKI_VERSION
from matou.platforms.coding.metadata_issues import FILE_ADDRESS

_AT_ONCE = 100

FilesByNumber = Mapping[int, AttachedFile]


class FileNumberCache(SizedCache[tuple[str, str, ItemVisibility], FilesByNumber]):
    """By project and commit, and whether those of what is confidential are among them."""

    def __init__(self) -> None:
        super().__init__(100_000, size_of=lambda files: len(files) + 1)


def files_by_number(conversation: Conversation[Any]) -> FilesByNumber:
    """Those whose bytes were saved: read once from a commit."""
    if conversation.indexed is None:
        return {}
    cache = conversation.forge.memory(FileNumberCache)
    key = (str(conversation.granted.subject.path), conversation.indexed.commit_id, conversation.seen)
    known = cache.get(key)
    if known is None:
        known = {number: file for file in _files(conversation) if file.sha256 and (number := file_number(file))}
        cache.put(key, known)
    return known


def find_bytes(conversation: Conversation[Any], sha256: str) -> Path:
    """Where the bytes of a file lie that something has which may be read here. Raises NoSuchItemFile."""
    try:
        return conversation.file(sha256)
    except NoSuchItemFile:
        # The index has no files of pages and announcements.
        if not any(file.sha256 == sha256 for file in files_by_number(conversation).values()):
            raise
    if not conversation.forge.archive.blobs.has(sha256):
        raise NoSuchItemFile("there is no file {sha256} here", sha256=repr(sha256)[:100])
    return conversation.forge.archive.blob_file(sha256)


def file_number(file: AttachedFile) -> int:
    """0 for what is no file of a project."""
    found = FILE_ADDRESS.fullmatch(file.url)
    return int(found["file"]) if found else 0


def _files(conversation: Conversation[Any]) -> Iterator[AttachedFile]:
    tree, offset, total = conversation.tree, 0, 1
    for kind in (ANNOUNCEMENT, WIKI_PAGE, WIKI_VERSION):
        for page in tree.items(kind) if tree is not None else ():
            yield from files_in(page)
    wanted = ItemQuery(kind=ISSUE.name, order=ItemOrder.NUMBER, ascending=True)
    while offset < total:
        found, total = conversation.list_items(wanted, offset=offset, limit=_AT_ONCE)
        for issue in found:
            yield from files_in(issue)
        offset += _AT_ONCE
