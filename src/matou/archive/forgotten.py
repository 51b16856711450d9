"""What was forgotten: which runs, by which policy, and which kept refs went with them (docs/archive-format.md).

The file only ever grows, and each line of it says of which manifest it speaks, so that no damage to it names another.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from matou.archive.layout import FORGETTING, Archive
from matou.archive.manifest.lines import Digest, Moment, ObjectName
from matou.errors import Damaged
from matou.fs import write_atomically
from matou.model.decoding_faults import NOT_DECODED, fault_of_shape
from matou.model.names import RefName

FORGOTTEN_FILE: Final = "forgotten.jsonl"


class DamagedForgotten(Damaged):
    """A line that says what was forgotten is not what was written."""


class ForgottenRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="run"):
    """A run whose state cannot be had any more; its manifest, of which `sha256` is the digest, stays.

    `policy` is what forgot it, as it was said.
    """

    at: Moment
    run: int
    sha256: Digest
    policy: str


class DroppedRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="kept-ref"):
    """A kept ref that is to go, or is gone; one that has to stay after all where it `stays`."""

    at: Moment
    repository: str
    ref: str
    object: ObjectName
    stays: bool = False


class Pruned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="pruned"):
    """What was freed: the repositories whose dropped refs are gone, with all that they led to; and how many blobs."""

    at: Moment
    repositories: tuple[str, ...] = ()
    blobs: int = 0
    bytes: int = 0


ForgottenLine = ForgottenRun | DroppedRef | Pruned
_LINE: Final[msgspec.json.Decoder[ForgottenLine]] = msgspec.json.Decoder(ForgottenLine)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """All that was forgotten.

    Attributes:
        runs: by number.
        refs: the kept refs that went, or may go at any time: by repository and name.
        unswept: repositories of which a kept ref was to go, and that nothing was freed from since.
        faults: of lines that cannot be read; they forget nothing.
    """

    runs: Mapping[int, ForgottenRun] = field(default_factory=dict)
    refs: frozenset[tuple[str, RefName]] = frozenset()
    unswept: frozenset[str] = frozenset()
    faults: tuple[DamagedForgotten, ...] = ()


def read_forgotten(archive: Archive) -> Forgotten:
    """What the archive says now; a line that cannot be read is passed over and told of."""
    runs: dict[int, ForgottenRun] = {}
    refs: set[tuple[str, RefName]] = set()
    unswept: set[str] = set()
    faults: list[DamagedForgotten] = []
    for line in _lines(archive):
        match line:
            case ForgottenRun():
                runs[line.run] = line
            case DroppedRef():
                (refs.discard if line.stays else refs.add)((line.repository, RefName(line.ref)))
                unswept.add(line.repository)
            case Pruned():
                unswept.difference_update(line.repositories)
            case DamagedForgotten():
                faults.append(line)
    return Forgotten(runs, frozenset(refs), frozenset(unswept), tuple(faults))


def write_forgotten(archive: Archive, lines: Iterable[ForgottenLine]) -> None:
    """Add lines, all of them or none, durably. From the first on no Matou that does not know of them opens the archive.

    The caller holds the archive's lock.

    Raises:
        DamagedForgotten: a line that is there cannot be read.
        NewerFormat: a later Matou has been at the archive.
        WriteFailed: the disk is full, or cannot be written.
    """
    text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    if text:
        for fault in read_forgotten(archive).faults:
            raise fault
        archive.in_our_format().requiring(FORGETTING)
        write_atomically(archive.root / FORGOTTEN_FILE, _text(archive) + text)


def _text(archive: Archive) -> bytes:
    try:
        return (archive.root / FORGOTTEN_FILE).read_bytes()
    except FileNotFoundError:
        return b""


def _lines(archive: Archive) -> Iterator[ForgottenLine | DamagedForgotten]:
    lines = _text(archive).split(b"\n")
    if lines.pop():
        yield DamagedForgotten("{file} ends within a line", file=FORGOTTEN_FILE)
    for number, text in enumerate(lines, start=1):
        try:
            yield _LINE.decode(text)
        except NOT_DECODED as error:
            reason = fault_of_shape(error)
            yield DamagedForgotten(
                "line {number} of {file} cannot be read: {reason}", number=number, file=FORGOTTEN_FILE, reason=reason
            )
