"""In which encoding a file is written, as far as its bytes tell: Unicode by its marks, else by what makes text of it.

The well-kept detectors take short Chinese texts for Korean or for Big5 (charset-normalizer 3.5.2: 8 of 12 in GBK), so
what is counted here is how many characters are ones that people write: the first thousands that each of the old
standards put before its rare ones.
"""

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

SAMPLED_BYTES: Final = 64 * 1024
SNIFFED_BYTES: Final = 8000
"""Within so many git looks for a NUL, to tell what is binary (xdiff-interface.c)."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8, BOM"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_LEAST_ORDINARY: Final = 0.5
_LEAST_HANGUL: Final = 8
_LEAST_KANA: Final = 0.15
_EVERY_SECOND: Final = 0.3
_MOST_DAMAGED: Final = 0.2
_WORD: Final = re.compile(rb"[\x80-\xff]{3}")
"""Letters with accents stand alone, or by twos, among those of ASCII; a Cyrillic word has no other letters."""


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A text, and the name of its encoding for people; empty for plain UTF-8."""

    text: str
    encoding: str = ""


def decode_text(content: bytes) -> DecodedText | None:
    """None for what is no text. What its encoding does not know is replaced."""
    for mark, codec, name in _MARKS:
        if content.startswith(mark):
            return DecodedText(content.decode(codec, "replace"), name)
    if b"\0" in content[:SNIFFED_BYTES]:
        return _without_mark(content)
    try:
        return DecodedText(content.decode())
    except UnicodeDecodeError:
        codec, name = guess_codec(content)
        return DecodedText(content.decode(codec, "replace"), name)


def guess_codec(content: bytes) -> tuple[str, str]:
    """A codec for bytes that may be in any encoding but UTF-16, and its name for people."""
    sample = content[:SAMPLED_BYTES]
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        if _is_damaged_utf8(sample):
            return "utf-8", ""
        candidates = _CANDIDATES if _WORD.search(sample) else _WITHOUT_WORDS
        scores = [(_score(sample, codec, ordinary), codec, name) for codec, name, ordinary in candidates]
        best, codec, name = max(scores, key=lambda score: score[0])
        if best >= _LEAST_ORDINARY:
            return codec, name
    return "utf-8", ""


def _is_damaged_utf8(sample: bytes) -> bool:
    """More of it is right than by chance."""
    counted = Counter(character for character in sample.decode("utf-8", "replace") if not character.isascii())
    return counted["\ufffd"] < _MOST_DAMAGED * counted.total()


def _without_mark(content: bytes) -> DecodedText | None:
    """UTF-16 without a mark has a zero in every second byte of what is ASCII, and none in the others."""
    sample = content[: SNIFFED_BYTES // 2 * 2]
    for first, codec in ((0, "utf-16-be"), (1, "utf-16-le")):
        zeros, others = sample[first::2].count(0), sample[1 - first :: 2]
        if zeros > _EVERY_SECOND * len(sample) / 2 and _controls(others) <= len(others) / 4:
            return DecodedText(content.decode(codec, "replace"), "UTF-16")
    return None


def _controls(sample: bytes) -> int:
    return sum(byte < ord("\t") for byte in sample)


def _score(sample: bytes, codec: str, ordinary: Callable[["Counter[str]"], float]) -> float:
    """How much of what is not ASCII is ordinary in this encoding; 0 where it cannot be decoded."""
    try:
        # The sample may end in the middle of a character, and nothing else may be amiss.
        text = codecs.getincrementaldecoder(codec)().decode(sample)
    except UnicodeDecodeError:
        return 0
    counted = Counter(character for character in text if not character.isascii())
    return ordinary(counted) if counted else 0


def _chinese(codec: str, last: int) -> Callable[["Counter[str]"], float]:
    """Up to a lead byte stand the characters that are used, and the marks before them."""

    def share(counted: "Counter[str]") -> float:
        return _share(counted, lambda character: _lead_byte(character, codec) <= last)

    return share


def _lead_byte(character: str, codec: str) -> int:
    try:
        return character.encode(codec)[0]
    except UnicodeEncodeError:
        return 0x100


def _japanese(counted: "Counter[str]") -> float:
    """A Japanese text has kana between its characters."""
    kana = _share(counted, lambda character: "\u3041" <= character <= "\u30ff")
    return 0 if kana < _LEAST_KANA else 1.1 * _share(counted, lambda character: _lead_byte(character, "euc_jp") <= 0xCF)


def _korean(counted: "Counter[str]") -> float:
    """In a few characters, half of the Chinese ones could be Korean."""
    hangul = sum(count for character, count in counted.items() if "\uac00" <= character <= "\ud7a3")
    others = sum(count for character, count in counted.items() if "\u4e00" <= character <= "\u9fff")
    return 1.05 if hangul >= _LEAST_HANGUL and not others else 0


def _letters(script: str, weight: float) -> Callable[["Counter[str]"], float]:
    def share(counted: "Counter[str]") -> float:
        return weight * _share(counted, lambda character: unicodedata.name(character, "").startswith(script))

    return share


def _share(counted: "Counter[str]", is_ordinary: Callable[[str], bool]) -> float:
    return sum(count for character, count in counted.items() if is_ordinary(character)) / counted.total()


_CYRILLIC: Final = ("cp1251", "Windows-1251", _letters("CYRILLIC", 0.9))
_WITHOUT_WORDS: Final = (
    ("gb18030", "GBK", _chinese("gb2312", 0xD7)),
    ("big5", "Big5", _chinese("big5", 0xC6)),
    ("cp932", "Shift-JIS", _japanese),
    ("euc_jp", "EUC-JP", _japanese),
    ("cp949", "EUC-KR", _korean),
    ("cp1252", "Windows-1252", _letters("LATIN", 0.8)),
)
_CANDIDATES: Final = (*_WITHOUT_WORDS, _CYRILLIC)
