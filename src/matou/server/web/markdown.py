"""What people wrote in files, as HTML that can do nothing: no script, no style, nothing from elsewhere."""

import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markupsafe import Markup
from mdit_py_plugins.footnote import footnote_plugin

from matou.bounded_markdown import render_markdown, with_limits
from matou.git.odb.objects import TreePath
from matou.i18n import gettext
from matou.markup import is_too_deep, with_checkboxes
from matou.model.names import RepositoryPath
from matou.server.web.addresses import subject_url
from matou.server.web.document_html import part_of_page
from matou.server.web.plain_text import visible

LONGEST_RENDERED: Final = 256 * 1024
"""Characters; a longer text stands as it was written."""

MOST_REFERENCES: Final = 50_000
"""Such as `&amp;`: making five times as many harmless takes seven seconds."""

_OUTSIDE: Final = ("http", "https", "mailto")
_TAGS: Final = nh3.ALLOWED_TAGS | {"input", "section", "details", "summary"}
_ATTRIBUTES: Final = {
    **nh3.ALLOWED_ATTRIBUTES,
    "*": {"id", "align", "title"},
    "a": {"href", "title", "id"},
    "input": {"type", "checked", "disabled"},
    "code": {"class"},
    "img": {"src", "alt", "title", "width", "height", "align"},
    "td": {"align", "colspan", "rowspan", "style"},
    "th": {"align", "colspan", "rowspan", "style"},
}
_IDS: Final = "user-content-"
_STYLE: Final = re.compile(r"text-align:(left|right|center)\Z")


class TextKind(Enum):
    MARKDOWN = "markdown"
    PLAIN = "plain"

    @classmethod
    def of(cls, file_name: str) -> "TextKind":
        return cls.MARKDOWN if file_name.casefold().endswith((".md", ".markdown", ".mdown", ".mkd")) else cls.PLAIN


@dataclass(frozen=True, slots=True)
class TextLocation:
    """Where a text lies, which relative links and pictures in it go by. `folder` is None for the root."""

    repository: RepositoryPath
    revision: str
    folder: TreePath | None


def render_document(text: str, kind: TextKind, place: TextLocation) -> Markup:
    """Never fails, whatever the text is."""
    if kind is TextKind.PLAIN or len(text) > LONGEST_RENDERED:
        return _as_written(text)
    made = render_markdown(_parser(), text)
    given = None if made is None else with_checkboxes(made)
    if given is None or given.count("&") > MOST_REFERENCES or is_too_deep(given):
        return _as_written(text)
    # Removes all that is not on a list, as browsers parse it; what it leaves cannot run.
    return part_of_page(
        nh3.clean(
            given,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            attribute_filter=partial(_attribute, place),
            url_schemes=set(_OUTSIDE),
            set_tag_attribute_values=_reachable(),
            link_rel="nofollow noopener noreferrer",
        )
    )


def _reachable() -> dict[str, dict[str, str]]:
    """What may be wider than the page: a keyboard scrolls only what it can reach. And what nobody types into."""
    box = {"type": "checkbox", "disabled": "", "aria-label": gettext("Task")}
    return {"pre": {"tabindex": "0"}, "table": {"tabindex": "0"}, "input": box}


def _as_written(text: str) -> Markup:
    return Markup('<pre class="plain">{}</pre>').format(visible(text))


def _parser() -> MarkdownIt:
    """Anew for each text: an instance is not safe between threads, and making one takes under a millisecond."""
    parser = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
    parser.core.ruler.push("anchors", _add_anchors)
    return with_limits(parser.use(footnote_plugin))


def _add_anchors(state: StateCore) -> None:
    """Each heading has an id of its own: of twins, the second ends with `-1`, as at GitHub.

    mdit-py-plugins' own counts anew for each of them: 8,000 headings of one name took a minute.
    """
    used = Counter[str]()
    for place, token in enumerate(state.tokens):
        if token.type == "heading_open":
            parts = state.tokens[place + 1].children or ()
            name = slug("".join(part.content for part in parts if part.type in ("text", "code_inline")))
            token.attrSet("id", f"{name}-{used[name]}" if used[name] else name)
            used[name] += 1


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it: small letters, no punctuation, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _attribute(place: TextLocation, element: str, attribute: str, value: str) -> str | None:
    """A picture is one of the repository; an id of the text's cannot be mistaken for one of the page's."""
    match element, attribute:
        case "a", "href":
            return _link(place, value)
        case "img", "src":
            return _picture(place, value)
        case _, "id":
            return value if value.startswith(_IDS) else _IDS + value
        case _, "style":
            return value if _STYLE.match(value) else None
        case "code", "class":
            return value if value.startswith("language-") else None
        case "input", "type":
            return "checkbox"
        case _:
            return value


def _link(place: TextLocation, href: str) -> str | None:
    if href.startswith("#"):
        return "#" + _IDS + href[1:].removeprefix(_IDS)
    if _scheme(href) in _OUTSIDE or href.startswith("//"):
        return href
    return _inside(place, "blob", href)


def _picture(place: TextLocation, src: str) -> str | None:
    """None for one of another host: a page asks nobody else for anything."""
    return None if _scheme(src) is not None or src.startswith("//") else _inside(place, "raw", src)


def _inside(place: TextLocation, word: str, address: str) -> str | None:
    """Of the repository, from where the text lies or, with a slash before it, from the root."""
    folder = "" if place.folder is None else f"{place.folder}/"
    path, hash_, anchor = address.partition("#")
    whole = urljoin(f"/{folder}", path.partition("?")[0])
    segments = [unquote(segment) for segment in whole.split("/") if segment not in ("", ".", "..")]
    if not segments or "\0" in whole:
        return None
    found = subject_url(place.repository, word, place.revision, *segments)
    return found + (f"#{_IDS}{anchor}" if hash_ and anchor else "")


def _scheme(address: str) -> str | None:
    """None where there is none; empty where it cannot be told."""
    try:
        scheme = urlsplit(address.strip()).scheme.lower()
    except ValueError:
        return ""
    return scheme or None
