"""HTML written so that nothing gets in unescaped: what is not `Markup` is text, and text is escaped."""

from collections.abc import Sequence
from html import escape
from typing import NewType

Markup = NewType("Markup", str)
"""HTML that this module made. Nothing else makes any."""

_VOID = frozenset({"meta", "link", "br", "hr", "input"})


class Element:
    """A piece of HTML, made safe on construction.

    Args:
        name: the element's name; ours, never somebody's text.
        children: texts, which are escaped, and elements.
        attributes: by name, a trailing underscore dropped; their values are escaped.
    """

    __slots__ = ("markup",)

    def __init__(self, name: str, /, *children: "str | Element", **attributes: str) -> None:
        written = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items())
        inside = "".join(_markup_of(child) for child in children)
        self.markup = Markup(f"<{name}{written}>" if name in _VOID else f"<{name}{written}>{inside}</{name}>")


def _markup_of(child: str | Element) -> Markup:
    return child.markup if isinstance(child, Element) else Markup(escape(child))


def page(title: str, *body: str | Element, meta: Sequence[Element] = (), language: str = "en") -> bytes:
    """A whole document, with `meta` in its head.

    Line feeds in `pre` and lone surrogates, as ref names may hold, come through.
    """
    head = Element(
        "head",
        Element("meta", charset="utf-8"),
        Element("meta", name="viewport", content="width=device-width"),
        Element("title", f"{title} · Matou"),
        Element("link", rel="stylesheet", href="/-/style.css"),
        *meta,
    )
    document = Element("html", head, Element("body", Element("h1", title), *body), lang=language)
    return f"<!DOCTYPE html>\n{document.markup}\n".encode("utf-8", "replace")
