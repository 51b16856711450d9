"""What a file is, by its bytes and not by what it calls itself: pictures, sound, film, PDF, text, or none of these."""

import re
from enum import StrEnum
from typing import Final

from matou.server.web.text_encoding import decode_text, guess_codec

BEGINNING_BYTES: Final = 8000

_SIGNATURES: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"BM.{4}\x00{4}", re.DOTALL), "image/bmp"),
    (re.compile(rb"\x00\x00\x01\x00[\x01-\x40]\x00"), "image/x-icon"),
    (re.compile(rb".{4}ftypavi[fs]", re.DOTALL), "image/avif"),
    (re.compile(rb"%PDF-"), "application/pdf"),
    (re.compile(rb"ID3|\xff[\xf2\xf3\xfa\xfb]"), "audio/mpeg"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"fLaC"), "audio/flac"),
    (re.compile(rb"OggS.{20,80}(?:theora|video)", re.DOTALL), "video/ogg"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb".{4}ftypM4A ", re.DOTALL), "audio/mp4"),
    (re.compile(rb".{4}ftyp(?!hei|mif)", re.DOTALL), "video/mp4"),
    (re.compile(rb"\x1a\x45\xdf\xa3.{0,60}webm", re.DOTALL), "video/webm"),
)
_SVG: Final = re.compile(
    # Nothing that matched is tried another way: comments within comments would take for ever.
    rb"(?:\xef\xbb\xbf)?\s*+(?:<\?xml[^>]{0,200}\?>\s*+)?"
    rb"(?:(?><!(?:--.{0,2000}?--|DOCTYPE[^>\[]{0,300})>)\s*+){0,5}+<svg[\s>]",
    re.DOTALL,
)
SVG: Final = "image/svg+xml"
PDF: Final = "application/pdf"
BINARY: Final = "application/octet-stream"


class MediaKind(StrEnum):
    """What a page does with a file."""

    TEXT = "text"
    PICTURE = "picture"
    SOUND = "sound"
    FILM = "film"
    PDF = "pdf"
    BINARY = "binary"


_KINDS: Final = {"image": MediaKind.PICTURE, "audio": MediaKind.SOUND, "video": MediaKind.FILM, "text": MediaKind.TEXT}


def media_type(beginning: bytes) -> str:
    """What a browser is told. A text is never more than one: HTML is shown as it is written."""
    for signature, kind in _SIGNATURES:
        if signature.match(beginning):
            return kind
    if _SVG.match(beginning[:BEGINNING_BYTES]):
        return SVG
    if decode_text(beginning[:BEGINNING_BYTES]) is None:
        return BINARY
    return f"text/plain; charset={_charset(beginning[:BEGINNING_BYTES])}"


def media_kind(kind: str) -> MediaKind:
    if kind == PDF:
        return MediaKind.PDF
    return _KINDS.get(kind.partition("/")[0], MediaKind.BINARY)


def _charset(beginning: bytes) -> str:
    """By its name on the web; a browser reads a mark itself."""
    return {"cp932": "shift_jis", "cp949": "euc-kr", "euc_jp": "euc-jp"}.get(*[guess_codec(beginning)[0]] * 2)
