"""Source code in colours: lines of HTML, whose few classes the stylesheet gives a colour.

A lexer that is slow on what somebody wrote to make it so is stopped; the rest stands in one colour.
"""

import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_for_filename
from pygments.token import (
    Comment,
    Generic,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    String,
    Text,
    _TokenType,
    is_token_subtype,
)

from matou.server.web.plain_text import may_have_colours, visible_lines

COLOURED: Final = frozenset(
    [
        "awk",
        "bash",
        "batch",
        "c",
        "c++",
        "clojure",
        "cmake",
        "css",
        "csharp",
        "dart",
        "delphi",
        "diff",
        "docker",
        "elixir",
        "erlang",
        "fortran",
        "go",
        "graphql",
        "groovy",
        "haskell",
        "html",
        "ini",
        "java",
        "javascript",
        "json",
        "julia",
        "kotlin",
        "less",
        "lua",
        "make",
        "matlab",
        "nginx",
        "objective-c",
        "ocaml",
        "perl",
        "php",
        "powershell",
        "properties",
        "protobuf",
        "python",
        "r",
        "ruby",
        "rust",
        "scala",
        "scss",
        "sql",
        "swift",
        "tcl",
        "tex",
        "toml",
        "typescript",
        "vim",
        "xml",
        "yaml",
    ]
)
"""Lexers by an alias at Pygments. Others are tried by nobody: one step of some takes minutes."""

LONGEST_SECONDS: Final = 1.0
"""Of the processor: what else the machine does takes no colours away."""

_CLASSES: Final[tuple[tuple[_TokenType, str], ...]] = (
    (Comment.Preproc, "d"),
    (Comment, "c"),
    (Keyword.Constant, "m"),
    (Keyword.Type, "t"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (String.Doc, "c"),
    (String, "s"),
    (Number, "m"),
    (Literal, "s"),
    (Name.Function, "f"),
    (Name.Class, "t"),
    (Name.Tag, "k"),
    (Name.Attribute, "f"),
    (Name.Decorator, "d"),
    (Name.Builtin, "b"),
    (Name.Exception, "t"),
    (Generic.Heading, "k"),
    (Generic.Subheading, "k"),
    (Generic.Deleted, "c"),
    (Generic.Inserted, "s"),
)


def highlighted(text: str, file_name: str) -> list[Markup]:
    """A line each, without its end. Never fails, whatever the text is."""
    lines = visible_lines(text)
    lexer = _lexer(file_name) if may_have_colours(lines) else None
    if lexer is None:
        return [escape(line) for line in lines]
    return list(_coloured("\n".join(lines), lexer))


def has_colours(file_name: str) -> bool:
    """Whether a text of this name may get any."""
    return _lexer_class(file_name) is not None


def _lexer(file_name: str) -> Lexer | None:
    """Anew for each text: some keep where they are."""
    found = _lexer_class(file_name)
    return None if found is None else found(stripnl=False, ensurenl=False)


@lru_cache(maxsize=512)
def _lexer_class(file_name: str) -> type[Lexer] | None:
    found: type[Lexer] | None = find_lexer_class_for_filename(file_name)
    return found if found is not None and COLOURED.intersection(found.aliases) else None


def _coloured(text: str, lexer: Lexer) -> Iterator[Markup]:
    line: list[str] = []
    for kind, value in _tokens(text, lexer):
        css = _class(kind)
        first, *others = value.split("\n")
        _add(line, css, first)
        for part in others:
            yield Markup("".join(line))  # noqa: S704  its parts are escaped
            line = []
            _add(line, css, part)
    yield Markup("".join(line))  # noqa: S704  its parts are escaped


def _add(line: list[str], css: str, part: str) -> None:
    if part:
        line.append(f'<span class="{css}">{escape(part)}</span>' if css and not part.isspace() else escape(part))


def _tokens(text: str, lexer: Lexer) -> Iterator[tuple[_TokenType, str]]:
    """Those of one colour as one; from when it takes too long on, the rest is one token."""
    until, end = time.process_time() + LONGEST_SECONDS, 0
    for begin, kind, value in lexer.get_tokens_unprocessed(text):
        if begin < end or time.process_time() > until:
            break
        if begin > end:
            yield Text, text[end:begin]
        yield kind, value
        end = begin + len(value)
    if end < len(text):
        yield Text, text[end:]


@lru_cache(maxsize=1024)
def _class(kind: _TokenType) -> str:
    return next((css for known, css in _CLASSES if is_token_subtype(kind, known)), "")
