"""In which language a file is written, and how much of a repository each language makes up, by linguist's rules.

enry knows the rules and brings Go's runtime into the process that loads it: this is for worker processes only.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntFlag
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

RULES: Final = "1"
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
"""HarmonyOS, and the mini programs of WeChat, Alipay, Douyin, Baidu and uni-app: enry does not know these endings."""

_GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Alpine Abuild": "Shell",
        "C2hs Haskell": "Haskell",
        "ColdFusion CFC": "ColdFusion",
        "Cython": "Python",
        "Easybuild": "Python",
        "Fortran Free Form": "Fortran",
        "Gentoo Ebuild": "Shell",
        "Gentoo Eclass": "Shell",
        "Groovy Server Pages": "Groovy",
        "HTML+ECR": "HTML",
        "HTML+EEX": "HTML",
        "HTML+ERB": "HTML",
        "HTML+PHP": "HTML",
        "HTML+Razor": "HTML",
        "Isabelle ROOT": "Isabelle",
        "Java Server Pages": "Java",
        "JavaScript+ERB": "JavaScript",
        "Literate Agda": "Agda",
        "Literate CoffeeScript": "CoffeeScript",
        "Literate Haskell": "Haskell",
        "Motorola 68K Assembly": "Assembly",
        "NumPy": "Python",
        "OpenRC runscript": "Shell",
        "Sage": "Python",
        "Snakemake": "Python",
        "TSX": "TypeScript",
        "Unix Assembly": "Assembly",
        "fish": "Shell",
        "tcsh": "Shell",
    }
)
"""What linguist counts as part of another language; enry's library does not tell."""

_TYPES_OF_CHINA: Final = MappingProxyType(dict(_OF_CHINA.values()))
_ALIAS: Final = re.compile(r"[A-Za-z0-9+#.*'()/ _-]{1,60}\Z")


class Trait(IntFlag):
    """Why a file is not counted, as far as its name and content tell."""

    VENDORED = 1
    GENERATED = 2
    DOCUMENTATION = 4
    BINARY = 8


@dataclass(frozen=True, slots=True)
class Verdict:
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


def judge(path: str, content: bytes, size_bytes: int) -> Verdict:
    """Look at one file.

    Args:
        content: its beginning, READ_BYTES at the most.
        size_bytes: all of it.
    """
    import enry  # type: ignore[import-untyped]

    traits = Trait(0)
    if enry.is_vendor(path):
        traits |= Trait.VENDORED
    if enry.is_documentation(path):
        traits |= Trait.DOCUMENTATION
    if enry.is_generated(path, content):
        traits |= Trait.GENERATED
    if enry.is_binary(content):
        return Verdict("", traits | Trait.BINARY, size_bytes)
    return Verdict(_language(path, content) if content else "", traits, size_bytes)


def _language(path: str, content: bytes) -> str:
    import enry

    ending = PurePosixPath(path).suffix.lower()
    if ending in _OF_CHINA:
        return _OF_CHINA[ending][0]
    if ending == ".wxs":
        # A mini program's script, unless it is XML of the Windows installer.
        return "XML" if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else "JavaScript"
    # Never by the ending alone: that would call Markdown "GCC Machine Description".
    return str(enry.get_language(path, content))


def counted_language(verdict: Verdict, overrides: Overrides = NO_OVERRIDES) -> str | None:
    """The language that a file counts for, if any: what attributes say goes before what the file looks like."""
    for said, trait in (
        (overrides.vendored, Trait.VENDORED),
        (overrides.generated, Trait.GENERATED),
        (overrides.documentation, Trait.DOCUMENTATION),
    ):
        if (trait in verdict.traits) if said is None else said:
            return None
    language = verdict.language if overrides.language is None else named(overrides.language)
    if Trait.BINARY in verdict.traits or not language:
        return None
    is_counted = type_of(language) in _COUNTED_TYPES if overrides.detectable is None else overrides.detectable
    return _GROUPS.get(language, language) if is_counted else None


def type_of(language: str) -> str:
    """`programming`, `markup`, `data`, `prose`, or `unknown`."""
    import enry

    return _TYPES_OF_CHINA.get(language) or str(enry.get_language_type(language))


def named(name: str) -> str:
    """The language that somebody calls by one of its names, `js`, `C++` or `Jupyter-Notebook`; empty for none."""
    import enry

    if not _ALIAS.match(name):
        return ""
    for language in _TYPES_OF_CHINA:
        if language.casefold() == name.casefold():
            return language
    for spelling in (name, name.replace("-", " "), name.replace("-", "_")):
        # An editor's mode line is the one place where enry reads names of languages.
        found = str(enry.get_language_by_emacs_modeline(f"-*- mode: {spelling} -*-\n".encode()).language)
        if found:
            return found
    return ""


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
