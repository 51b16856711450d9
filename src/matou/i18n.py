"""What the program says, in the person's language.

English stands in the code; the Chinese is in `locale/zh_CN/LC_MESSAGES`, which `make messages` compiles. The key of a
text is the English template, so a value never becomes part of a key; a text that counts something has two templates.
"""

import gettext as catalogues
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from functools import cache
from importlib.resources import files
from operator import itemgetter
from pathlib import PurePath

from matou.errors import MatouError, Phrase, Plural
from matou.fs import reason_of
from matou.settings import process_language

LANGUAGES = frozenset({"en", "zh"})
_MINUTES_OF_TWO_DAYS = 2 * 24 * 60
LOCALE = "locale/zh_CN/LC_MESSAGES/matou.mo"


_language: ContextVar[str | None] = ContextVar("language", default=None)
"""Of the person who is answered at the moment; None for the one who started the process."""


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say what is said within in a language, `zh` or `en`: that of whom a server answers."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


@cache
def _catalogue(language: str) -> catalogues.NullTranslations:
    if language == "en":
        return catalogues.NullTranslations()
    with files("matou").joinpath(LOCALE).open("rb") as compiled:
        return catalogues.GNUTranslations(compiled)


def use_for_libraries() -> None:
    """Let Python's own gettext, which Click asks for its words, find our translations."""
    if process_language() != "en":
        catalogues.bindtextdomain("matou", str(files("matou").joinpath("locale")))
        catalogues.textdomain("matou")


def _spoken() -> catalogues.NullTranslations:
    return _catalogue(_language.get() or process_language())


def is_english() -> bool:
    """Whether the person is spoken to in the language in which texts stand in the code."""
    return (_language.get() or process_language()) == "en"


def templates() -> Iterator[str]:
    """All that has a translation and counts nothing, in English."""
    known: Mapping[object, str] = getattr(_catalogue("zh"), "_catalog", {})
    return (key for key in known if isinstance(key, str))


def gettext(template: str) -> str:
    """The template in the person's language: that of `speaking`, or of the environment; itself without translation."""
    return _spoken().gettext(template) if template else ""


def ngettext(one: str, other: str, count: int) -> str:
    """As `gettext`: `one` for a count of one, `other` for all others."""
    return _spoken().ngettext(one, other, count)


def localize(text: MatouError | str) -> str:
    """The fact of an error, a phrase, or a name, in the person's language and with nothing that a terminal obeys."""
    match text:
        case Plural():
            return _filled(ngettext(text.template, text.other, text.number), text.values)
        case MatouError() | Phrase():
            return _filled(gettext(text.template), text.values)
        case _:
            return "; ".join(printable(line) for line in text.split("\n"))


def format_error(error: MatouError) -> str:
    """The fact, and on a line of its own the advice of the error or else of what it was made from."""
    advice = _advice(error)
    return f"{localize(error)}\n{advice}" if advice else localize(error)


def language_among(accepted: str) -> str:
    """The one of ours that a browser's Accept-Language prefers (RFC 9110, section 12.5.4); English by default."""
    ranges = [part.partition(";") for part in accepted.split(",")]
    weighed = [(_weight(weight), tag.strip().lower()[:2]) for tag, _separator, weight in ranges]
    known = [(weight, tag) for weight, tag in weighed if weight > 0 and tag in LANGUAGES]
    return max(known, key=itemgetter(0), default=(0, "en"))[1]


def _weight(parameter: str) -> float:
    name, _separator, value = parameter.strip().partition("=")
    try:
        return float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        return 0.0


def labelled(label: str, text: str) -> str:
    """`label: text`, as the person's language sets a colon; both are fit to be shown."""
    return gettext("{label}: {text}").format(label=label, text=text)


def duration(time: timedelta) -> str:
    """As exactly as it is known: of two moments in whole seconds, as a manifest keeps them, without a tenth."""
    seconds = time.total_seconds()
    if not time:
        return gettext("< {count} s").format(count=1)
    if seconds < 60:
        return gettext("{count} s").format(count=f"{seconds:.1f}" if time.microseconds else f"{seconds:.0f}")
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= _MINUTES_OF_TWO_DAYS:
        return gettext("{days} d {hours} h").format(days=minutes // 1440, hours=minutes % 1440 // 60)
    if minutes >= 60:
        return gettext("{hours} h {minutes} min").format(hours=minutes // 60, minutes=f"{minutes % 60:02d}")
    return gettext("{minutes} min {seconds} s").format(minutes=minutes, seconds=f"{rest:02d}")


def printable(text: str) -> str:
    """The text with every control, format and surrogate character escaped: a name must not move the cursor."""
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode() if unicodedata.category(character)[0] == "C" else character


def _advice(error: MatouError) -> str:
    if error.advice:
        return _filled(gettext(error.advice), error.values)
    return next(filter(None, (_advice(value) for value in error.values.values() if isinstance(value, MatouError))), "")


def _filled(text: str, values: Mapping[str, object]) -> str:
    return text.format(**{name: _shown(value) for name, value in values.items()}) if values else text


def _shown(value: object) -> object:
    if isinstance(value, OSError):
        value = reason_of(value)
    if isinstance(value, MatouError | str):
        return localize(value)
    return localize(str(value)) if isinstance(value, Exception | PurePath) else value
