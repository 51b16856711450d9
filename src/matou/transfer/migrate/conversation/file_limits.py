"""What a target's limits make of the pictures and files that texts name: known before anything is sent."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from matou.archive.layout import Archive
from matou.archive.metadata.items import files_in
from matou.errors import Damaged, Phrase, Plural
from matou.git.odb.objects import TooLargeToRead
from matou.model.metadata import AttachedFile, MetadataValue
from matou.model.metadata.kinds import CHANGE, ISSUE, RELEASE
from matou.model.metadata_targets import FileDelivery, MetadataRules
from matou.transfer.common.saved_metadata import SavedMetadata
from matou.transfer.migrate.inventory import Carriable
from matou.transfer.migrate.size_warnings import mebibytes

_BESIDE_EACH_BYTES: Final = 1024
"""What the folders of a committed file take in a pack."""


def in_parts(sizes: Mapping[str, int], most: int) -> Iterator[tuple[str, ...]]:
    """The files by their digests, in as few groups as their order allows of which each fits into one push.

    One that is larger than a push may be is alone.
    """
    part, room = list[str](), most
    for digest, size in sizes.items():
        if part and size + _BESIDE_EACH_BYTES > room:
            yield tuple(part)
            part, room = [], most
        part.append(digest)
        room -= size + _BESIDE_EACH_BYTES
    if part:
        yield tuple(part)


def too_large(name: str, size_bytes: int, rules: MetadataRules) -> Phrase:
    return Phrase(
        "{name} is larger than the {most} that the platform takes of a file, and stays in the archive: {size}",
        name=repr(name),
        most=mebibytes(rules.largest_file),
        size=mebibytes(size_bytes),
    )


def foreseen_files(
    archive: Archive, saved: Iterable[SavedMetadata], rules: MetadataRules, which: Carriable, history: str
) -> Iterator[Phrase]:
    """What a plan tells of them: those that stay, and what is to be committed into the repository `history`."""
    fitting = dict[str, int]()
    for digest, file in _files(archive, saved, which).items():
        size_bytes = archive.blob_file(digest).stat().st_size
        if size_bytes > rules.largest_file:
            yield too_large(file.name, size_bytes, rules)
        else:
            fitting[digest] = size_bytes
    if fitting and rules.file_delivery is FileDelivery.COMMITTED:
        yield Plural(
            "{count} picture or file of texts, {size}, is to be in {name}, in pushes of at most {most}: {parts}",
            "{count} pictures and files of texts, {size}, are to be in {name}, in pushes of at most {most}: {parts}",
            count=len(fitting),
            size=mebibytes(sum(fitting.values())),
            name=repr(history),
            most=mebibytes(rules.largest_push),
            parts=len(list(in_parts(fitting, rules.largest_push))),
        )


def _files(archive: Archive, saved: Iterable[SavedMetadata], which: Carriable) -> dict[str, AttachedFile]:
    """By their digests, in the order in which they are met; what is damaged is told where it is written."""
    found = dict[str, AttachedFile]()
    for one in saved:
        with suppress(Damaged, TooLargeToRead):
            for file in (file for value in _items(archive, one) if which.has(value) for file in files_in(value)):
                if file.sha256 and file.sha256 not in found and archive.blob_file(file.sha256).is_file():
                    found[file.sha256] = file
    return found


def _items(archive: Archive, saved: SavedMetadata) -> Iterator[MetadataValue]:
    tree = saved.open(archive)
    for kind in (ISSUE, CHANGE, RELEASE):
        if saved.has(kind):
            yield from tree.items(kind)
