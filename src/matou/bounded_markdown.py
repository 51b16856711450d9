"""Markdown in bounded time: what somebody wrote to make a parser slow is given up, and stands as it was written.

A quarter of a megabyte of `[` takes markdown-it-py a minute and a half. So no paragraph is looked into that is longer
than anybody writes, and after LONGEST_SECONDS the parser is stopped between two of its steps.
"""

import time
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

LONGEST_SECONDS: Final = 2.0
LONGEST_PARAGRAPH: Final = 20_000
"""Characters; of a longer one no sign has a meaning."""

_DEADLINE: Final = "matou_deadline"


class _TookTooLongError(Exception):
    """Ends the parser; nobody else sees it."""


def with_limits(parser: MarkdownIt) -> MarkdownIt:
    """The same parser, for `render_markdown`."""
    # Among those too that are asked at each line of a block whether it ends there.
    parser.block.ruler.before("code", _DEADLINE, _block, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.inline.ruler.before("text", _DEADLINE, _step)
    parser.core.ruler.at("inline", _paragraphs)
    return parser


def render_markdown(parser: MarkdownIt, text: str) -> str | None:
    """HTML that nobody has made harmless yet; None where it takes too long."""
    try:
        return str(parser.render(text, {_DEADLINE: time.monotonic() + LONGEST_SECONDS}))
    except _TookTooLongError:
        return None


def _look(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise _TookTooLongError


def _block(state: StateBlock, _begin: int, _end: int, _silent: bool) -> bool:  # noqa: FBT001 - as rules are called
    _look(state.env[_DEADLINE])
    return False


def _step(state: StateInline, _silent: bool) -> bool:  # noqa: FBT001 - as rules are called
    _look(state.env[_DEADLINE])
    return False


def _paragraphs(state: StateCore) -> None:
    """In place of the parser's own rule of this name."""
    for token in state.tokens:
        if token.type != "inline":
            continue
        token.children = []
        if len(token.content) > LONGEST_PARAGRAPH:
            token.children.append(Token("text", "", 0, content=token.content))
        else:
            state.md.inline.parse(token.content, state.md, state.env, token.children)
