"""Regular expressions that are found in time linear in the text, whatever they are: RE2's syntax, Rust's engine.

The engine is the crate `regex`, as pydantic-core has it compiled for every machine that we name. Its syntax differs in
little from RE2's (https://github.com/google/re2/wiki/Syntax, https://docs.rs/regex/latest/regex/#syntax): to Rust
`\\d`, `\\w`, `\\s` and `\\b` are Unicode's, a class may hold another one and `&&`, `--` and `~~`, `\\<` is the start of
a word, `{` always begins a count, and `\\Q…\\E` and octal numbers are unknown. So a pattern is written anew with the
meaning that RE2 gives it; what neither knows stays as it is, for the engine to refuse.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pydantic_core import SchemaError, SchemaValidator, core_schema

_ASCII: Final = {
    r"\d": "0-9",
    r"\w": "0-9A-Za-z_",
    r"\s": r"\t\n\f\r ",
    r"\D": r"\x{0}-\x{2F}\x{3A}-\x{10FFFF}",
    r"\W": r"\x{0}-\x{2F}\x{3A}-\x{40}\x{5B}-\x{5E}\x{60}\x{7B}-\x{10FFFF}",
    r"\S": r"\x{0}-\x{8}\x{B}\x{E}-\x{1F}\x{21}-\x{10FFFF}",
}
_BOUNDARIES: Final = {r"\b": r"(?-u:\b)", r"\B": r"(?-u:\B)"}
_ESCAPE: Final = re.compile(
    r"""\\(?: (?P<octal> 0[0-7]{0,2} | [1-7][0-7]{1,2} )
            | (?P<property> [pP] (?: \{ [^}]* \} | . ) )
            | x (?: \{ [^}]* \} | [0-9A-Fa-f]{2} )
            | . )""",
    re.VERBOSE | re.DOTALL,
)
_QUOTED: Final = re.compile(r"\\Q(.*?)(?:\\E|\Z)", re.DOTALL)
_COUNT: Final = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_GROUP_NAME: Final = re.compile(r"\(\?P?<\w+>")
_NAMED_CLASS: Final = re.compile(r"\[:\^?[a-z]+:\]")
_HOLDS_MANY: Final = re.compile(r"\[:|\\[pP]|" + "|".join(map(re.escape, _ASCII.values())))
_PUNCTUATION: Final = re.compile(r"[!-/:-@\[-`{-~ ]")


MOST_REPEATED: Final = 1000


class NotAPattern(ValueError):
    """A text that is no pattern in RE2's syntax, or one that would take more than 10 MiB; says why."""


@dataclass(frozen=True, slots=True)
class LinearPattern:
    """A compiled pattern.

    Attributes:
        size: of how many pieces it is, with all counts written out. A search takes time in proportion to this times
            the length of the text, and meanwhile no other thread runs: the engine holds Python's lock.
    """

    _validator: SchemaValidator
    size: int

    def is_in(self, text: str) -> bool:
        """Whether it is found anywhere; never in a text with lone surrogates, which is no Unicode."""
        return self._validator.isinstance_python(text)


def compile_linear(pattern: str, *, lines: bool = False) -> LinearPattern:
    """Raises NotAPattern.

    Args:
        lines: `^` and `$` are the ends of each line.
    """
    pieces = list(_pieces(pattern))
    size, written = _size(pieces), ("(?m)" if lines else "") + "".join(pieces)
    try:
        written.encode()  # the engine would take a lone surrogate for another character
        schema = core_schema.str_schema(pattern=written, regex_engine="rust-regex", strict=True)
        return LinearPattern(SchemaValidator(schema), size)
    except (SchemaError, UnicodeError) as error:
        # The last line: those above it draw the pattern as it was written anew.
        reason = str(error).splitlines()[-1].strip().removeprefix("error: ").removeprefix("SchemaError: ")
        raise NotAPattern(reason.rstrip(".")) from None


def _pieces(pattern: str) -> Iterator[str]:
    at = 0
    while at < len(pattern):
        if quoted := _QUOTED.match(pattern, at):
            yield from map(_literal, quoted[1])
            at = quoted.end()
        elif escape := _ESCAPE.match(pattern, at):
            yield f"[{_ASCII[escape[0]]}]" if escape[0] in _ASCII else _BOUNDARIES.get(escape[0]) or _escape(escape)
            at = escape.end()
        elif pattern[at] == "[":
            written, at = _class(pattern, at)
            yield written
        elif name := _GROUP_NAME.match(pattern, at):
            yield "("  # of captures nobody asks, and RE2 lets two have one name
            at = name.end()
        elif pattern[at] == "{":
            count = _COUNT.match(pattern, at)
            yield count[0] if count else r"\{"
            at = count.end() if count else at + 1
        else:
            yield pattern[at]
            at += 1


@dataclass(slots=True)
class _Extent:
    """What a group comes to, or what a count would repeat.

    Attributes:
        times: how often something in it is repeated, at most.
        size: of how many pieces it is, with all counts written out.
    """

    times: int = 1
    size: int = 0

    def repeated(self, times: int) -> "_Extent":
        return _Extent(self.times * times, self.size * times)

    def add(self, other: "_Extent") -> None:
        self.times = max(self.times, other.times)
        self.size += other.size


def _size(pieces: Iterable[str]) -> int:
    """Of how many pieces a pattern is, with all counts written out. Raises NotAPattern where counts within counts
    ask for more than RE2 would repeat."""
    groups, last = [_Extent()], _Extent()
    for piece in pieces:
        if piece == "(":
            groups.append(_Extent())
            last = _Extent()
        elif piece == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1].add(last)
        elif _COUNT.fullmatch(piece):
            last = last.repeated(max(map(int, re.findall(r"[0-9]+", piece))))
            if last.times > MOST_REPEATED:
                raise NotAPattern(f"more than {MOST_REPEATED} repetitions")
            groups[-1].add(last)
        else:
            last = _Extent(size=1)
            groups[-1].add(last)
    return sum(group.size for group in groups)


def _class(pattern: str, at: int) -> tuple[str, int]:
    """A class, and where it ends: at the end of the pattern where nothing closes it, as the engine will tell."""
    start = at
    at += 2 if pattern.startswith("[^", at) else 1
    written = [pattern[start:at]]
    first, may_begin_range = at, False
    while at < len(pattern) and (pattern[at] != "]" or at == first):
        if may_begin_range and pattern[at] == "-" and pattern[at + 1 : at + 2] not in {"", "]"}:
            item, at = _one_member(pattern, at + 1)
            written.append(f"-{item}")
            may_begin_range = False
        else:
            item, at = _member(pattern, at)
            written.append(item)
            may_begin_range = not _HOLDS_MANY.match(item)
    return "".join(written) + pattern[at : at + 1], at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    """One character of a class or a class within it, and where it ends."""
    named = _NAMED_CLASS.match(pattern, at)
    return (named[0], named.end()) if named else _one_member(pattern, at)


def _one_member(pattern: str, at: int) -> tuple[str, int]:
    """As `_member`, at the end of a range, where `[` is itself."""
    token = _ESCAPE.match(pattern, at)
    if token is None:
        return _literal(pattern[at]), at + 1
    return _ASCII.get(token[0]) or _escape(token), token.end()


def _escape(escape: re.Match[str]) -> str:
    if octal := escape["octal"]:
        return f"\\x{{{int(octal, 8):X}}}"
    if escape["property"]:
        return re.sub(r"^\\([pP])\{\^", lambda match: f"\\{'P' if match[1] == 'p' else 'p'}{{", escape[0])
    return _literal(escape[0][1]) if _PUNCTUATION.fullmatch(escape[0][1:]) else escape[0]


def _literal(letter: str) -> str:
    """Any character as itself; `\\<` and `\\>` would be the ends of a word."""
    return f"\\{letter}" if _PUNCTUATION.fullmatch(letter) and letter not in "<> " else letter
