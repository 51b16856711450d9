"""What a file is, by its bytes alone: neither a name nor what the sender says is believed."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileType:
    """A media type; `is_picture` where a browser shows it and runs nothing of it."""

    media_type: str
    is_picture: bool = False


TEXT = FileType("text/plain; charset=utf-8")
ANYTHING = FileType("application/octet-stream")

# What stands at which offset in what may be uploaded. Office documents are ZIP files, or of Microsoft's compound
# format. What a browser would run, HTML or SVG, is text like any other, and is never shown as anything else.
_SIGNATURES: tuple[tuple[Mapping[int, bytes], FileType], ...] = (
    ({0: b"\x89PNG\r\n\x1a\n"}, FileType("image/png", is_picture=True)),
    ({0: b"\xff\xd8\xff"}, FileType("image/jpeg", is_picture=True)),
    ({0: b"GIF87a"}, FileType("image/gif", is_picture=True)),
    ({0: b"GIF89a"}, FileType("image/gif", is_picture=True)),
    ({0: b"RIFF", 8: b"WEBP"}, FileType("image/webp", is_picture=True)),
    ({4: b"ftypavif"}, FileType("image/avif", is_picture=True)),
    ({0: b"BM", 6: b"\0\0\0\0"}, FileType("image/bmp", is_picture=True)),
    ({0: b"II*\0"}, FileType("image/tiff")),
    ({0: b"MM\0*"}, FileType("image/tiff")),
    ({0: b"%PDF-"}, FileType("application/pdf")),
    ({0: b"PK\x03\x04"}, FileType("application/zip")),
    ({0: b"PK\x05\x06"}, FileType("application/zip")),
    ({0: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}, ANYTHING),
    ({0: b"\x1f\x8b\x08"}, FileType("application/gzip")),
    ({0: b"BZh", 4: b"1AY&SY"}, ANYTHING),
    ({0: b"\xfd7zXZ\0"}, ANYTHING),
    ({0: b"7z\xbc\xaf\x27\x1c"}, ANYTHING),
    ({0: b"\x28\xb5\x2f\xfd"}, ANYTHING),
    ({0: b"Rar!\x1a\x07"}, ANYTHING),
    ({257: b"ustar"}, ANYTHING),
    ({4: b"ftyp"}, FileType("video/mp4")),
    ({0: b"\x1aE\xdf\xa3"}, FileType("video/webm")),
    ({0: b"OggS\0"}, FileType("application/ogg")),
    ({0: b"RIFF", 8: b"WAVE"}, FileType("audio/wav")),
    ({0: b"ID3", 4: b"\0"}, FileType("audio/mpeg")),
)
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\r\f\b\x1b"))) + b"\x7f"


def type_of(content: bytes) -> FileType | None:
    """None where it is nothing that is known here."""
    for signature, file_type in _SIGNATURES:
        if all(content.startswith(part, offset) for offset, part in signature.items()):
            return file_type
    return TEXT if _is_text(content) else None


def _is_text(content: bytes) -> bool:
    """Of any encoding, as file(1) sees it: no control characters but those of a text, or UTF-16 that says so."""
    if content.startswith(_BYTE_ORDER_MARKS):
        return len(content) % 2 == 0
    return len(content.translate(None, _CONTROLS)) == len(content)
