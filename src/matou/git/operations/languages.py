"""In which language a file is written, and how much of a repository each language makes up, by linguist's rules.

`git.operations.linguist` holds the rules; here stands what China's platforms add to them, and what is counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntFlag
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from matou.git.operations.linguist import is_binary, is_generated, linguist

RULES: Final = "2"
"""To be changed with whatever changes a verdict: those that were kept are then not used any more."""

READ_BYTES: Final = 128 * 1024
"""How much of a file is looked at, as linguist does."""

_COUNTED_TYPES: Final = frozenset({"programming", "markup"})

_OF_CHINA: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        ".ets": ("ArkTS", "programming"),
        ".uts": ("UTS", "programming"),
        ".wxml": ("WXML", "markup"),
        ".wxss": ("WXSS", "markup"),
        ".acss": ("CSS", "markup"),
        ".ttss": ("CSS", "markup"),
        ".swan": ("HTML", "markup"),
        ".ttml": ("HTML", "markup"),
        ".nvue": ("Vue", "markup"),
        ".uvue": ("Vue", "markup"),
    }
)
"""HarmonyOS, and the mini programs of WeChat, Alipay, Douyin, Baidu and uni-app; linguist does not know them."""

_TYPES_OF_CHINA: Final = MappingProxyType(dict(_OF_CHINA.values()))


class Trait(IntFlag):
    """Why a file is not counted, as far as its name and content tell."""

    VENDORED = 1
    GENERATED = 2
    DOCUMENTATION = 4
    BINARY = 8


@dataclass(frozen=True, slots=True)
class LanguageVerdict:
    """What one blob under one path is; `language` is empty where nobody knows, and a group has not been made of it."""

    language: str
    traits: Trait
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Overrides:
    """What attributes say of one file; None where they say nothing."""

    language: str | None = None
    vendored: bool | None = None
    generated: bool | None = None
    documentation: bool | None = None
    detectable: bool | None = None


NO_OVERRIDES: Final = Overrides()


def judge(path: str, content: bytes, size_bytes: int) -> LanguageVerdict:
    """Look at one file.

    Args:
        content: its beginning, READ_BYTES at the most.
        size_bytes: all of it.
    """
    rules = linguist()
    traits = Trait(0)
    if rules.is_vendored(path):
        traits |= Trait.VENDORED
    if rules.is_documentation(path):
        traits |= Trait.DOCUMENTATION
    if is_generated(path, content):
        traits |= Trait.GENERATED
    if is_binary(content):
        return LanguageVerdict("", traits | Trait.BINARY, size_bytes)
    return LanguageVerdict(_language(path, content) if content else "", traits, size_bytes)


def _language(path: str, content: bytes) -> str:
    ending = PurePosixPath(path).suffix.lower()
    if ending in _OF_CHINA:
        return _OF_CHINA[ending][0]
    if ending == ".wxs":
        # A mini program's script, unless it is XML of the Windows installer.
        return "XML" if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else "JavaScript"
    return linguist().language_of(path, content)


def counted_language(verdict: LanguageVerdict, overrides: Overrides = NO_OVERRIDES) -> str | None:
    """The language that a file counts for, if any: what attributes say goes before what the file looks like."""
    for value, trait in (
        (overrides.vendored, Trait.VENDORED),
        (overrides.generated, Trait.GENERATED),
        (overrides.documentation, Trait.DOCUMENTATION),
    ):
        if (trait in verdict.traits) if value is None else value:
            return None
    language = verdict.language if overrides.language is None else named(overrides.language)
    if Trait.BINARY in verdict.traits or not language:
        return None
    is_counted = type_of(language) in _COUNTED_TYPES if overrides.detectable is None else overrides.detectable
    return linguist().group_of(language) if is_counted else None


def type_of(language: str) -> str:
    """`programming`, `markup`, `data`, `prose`, or `unknown`."""
    return _TYPES_OF_CHINA.get(language) or linguist().type_of(language)


def named(name: str) -> str:
    """The language that somebody calls by one of its names, `js`, `C++` or `Jupyter-Notebook`; empty for none."""
    for language in _TYPES_OF_CHINA:
        if language.casefold() == name.casefold():
            return language
    spellings = (name, name.replace("-", " "), name.replace("-", "_"))
    return next((language for spelling in spellings if (language := linguist().named(spelling))), "")


def percentages(sizes: Iterable[tuple[str, int]]) -> dict[str, float]:
    """The share of each language in bytes, largest first, in hundredths of a percent that add up to exactly 100."""
    totals: Counter[str] = Counter()
    for language, size_bytes in sizes:
        totals[language] += size_bytes
    everything = totals.total()
    if everything == 0:
        return {}
    shares = {language: divmod(size * 10_000, everything) for language, size in totals.items()}
    missing = 10_000 - sum(share for share, _ in shares.values())
    by_remainder = sorted(shares, key=lambda language: (-shares[language][1], language))
    rounded_up = set(by_remainder[:missing])
    ranked = sorted(totals, key=lambda language: (-totals[language], language))
    return {language: (shares[language][0] + (language in rounded_up)) / 100 for language in ranked}
