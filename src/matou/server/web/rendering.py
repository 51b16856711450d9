"""Templates: what they may call, and how one becomes bytes. What is not marked as HTML is escaped."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

import jinja2
from markupsafe import Markup, escape

from matou import __version__, i18n
from matou.errors import Phrase
from matou.git.odb.objects import TreePath
from matou.model.platform import Visibility
from matou.platforms.registry import title_of
from matou.server.web.addresses import git_url, joined, page_url, run_url, subject_url
from matou.server.web.plain_text import visible
from matou.stored_texts import localize_stored

STATIC_TYPES: Mapping[str, str] = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_VISIBILITIES: Mapping[Visibility, Phrase] = {
    Visibility.PUBLIC: Phrase("Public"),
    Visibility.INTERNAL: Phrase("Internal"),
    Visibility.PRIVATE: Phrase("Private"),
}
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def render(template: str, values: Mapping[str, object]) -> bytes:
    """A whole document, in the language of `i18n.speaking`. A lone surrogate, as names may hold, becomes `?`."""
    return templates().get_template(template).render(values).encode("utf-8", "replace")


@cache
def templates() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("matou.server.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    found.globals |= {
        "_": translated,
        "ngettext": counted,
        "static": static_url,
        "page_url": page_url,
        "git_url": git_url,
        "run_url": run_url,
        "subject_url": subject_url,
        "joined": joined,
        "version": __version__,
    }
    found.filters |= {
        "when": when,
        "day": day,
        "size": size,
        "said": said,
        "stored": localize_stored,
        "source": source_title,
        "listed": listed,
        "name": name,
        "name_of_path": name_of_path,
        "shortened": shortened,
        "visible": visible,
        "phrase": i18n.localize,
        "visibility": visibility,
        "moment": moment,
    }
    return found


def translated(template: str, **values: object) -> Markup:
    """A text of ours in the reader's language, with values that are escaped unless they are HTML of ours."""
    text = Markup(escape(i18n.gettext(template)))  # noqa: S704  the text is ours
    return text.format(**values) if values else text


def counted(one: str, other: str, count: int, **values: object) -> Markup:
    """As `translated`, by how many; `{count}` stands for the number."""
    text = Markup(escape(i18n.ngettext(one, other, count)))  # noqa: S704  the text is ours
    return text.format(count=f"{count:,}", **values)


def said(text: str) -> str:
    """An error's fact or a phrase, in the reader's language, as a sentence begins."""
    spoken = i18n.localize(text)
    return spoken[:1].upper() + spoken[1:]


def name(text: str | bytes) -> str:
    """A name as it lies in git, to be read: what is not UTF-8 shows as the replacement character."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    return visible(raw.decode("utf-8", "replace"))


def name_of_path(path: TreePath) -> str:
    return name(str(path))


def shortened(text: str, most: int) -> str:
    """No more characters than that, the last one an ellipsis where something was cut."""
    return text if len(text) <= most else text[: most - 1] + "…"


def source_title(key: str) -> str:
    """The platform of a source as people call it; `key` is `archive.run_history.SourceKey.text`."""
    return title_of(key.partition(" ")[0])


def listed(names: Sequence[str]) -> Markup:
    """Names one after another, as the reader's language sets them apart; each by itself, whichever way it is read."""
    return translated(", ").join(Markup("<bdi>{}</bdi>").format(name) for name in names)


def visibility(value: str) -> str:
    return i18n.localize(_VISIBILITIES[Visibility(value)])


def when(at: datetime | None) -> Markup | str:
    """A moment; a script may say how long ago that was."""
    if at is None:
        return ""
    moment = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"), moment.strftime("%Y-%m-%d %H:%M")
    )


def moment(at: datetime | None) -> str:
    """As feeds have it (RFC 3339); what has no time is as old as can be."""
    return (at or datetime.fromtimestamp(0, UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(at: datetime | None) -> Markup | str:
    if at is None:
        return ""
    moment = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"), moment.strftime("%Y-%m-%d")
    )


def size(count: int) -> str:
    """Bytes as a person reads them: `1.4 MiB`."""
    value, unit = float(count), _UNITS[0]
    for unit in _UNITS:
        if value < 1024 or unit == _UNITS[-1]:
            break
        value /= 1024
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def static_file(file: str) -> bytes | None:
    """A file that pages use; None where there is none of this name, which anybody may make up."""
    return _known_static_file(file) if file in _static_names() else None


@cache
def _known_static_file(file: str) -> bytes:
    return files("matou.server.web").joinpath("static", file).read_bytes()


@cache
def static_url(file: str) -> str:
    """With a digest of its content, so that a browser may keep it for good."""
    content = static_file(file)
    if content is None:
        raise LookupError(file)
    return page_url("static", file) + f"?v={hashlib.sha256(content).hexdigest()[:12]}"


@cache
def _static_names() -> frozenset[str]:
    return frozenset(each.name for each in files("matou.server.web").joinpath("static").iterdir())
