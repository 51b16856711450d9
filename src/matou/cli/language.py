"""What the program says, in the person's language.

English stands in the code; the Chinese is in `locale/zh_CN/LC_MESSAGES/matou.po`, which `make messages` compiles.
The key of a text is the English template, so a value never becomes part of a key.
"""

import gettext
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePath

import typer

from matou.cli.ui.formatting import printable
from matou.errors import MatouError, Phrase
from matou.settings import process_language
from matou.storage.os_errors import reason_of


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    with files("matou").joinpath("locale/zh_CN/LC_MESSAGES/matou.mo").open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


def translate(template: str) -> str:
    """The template in the language of the process's environment; itself where there is no translation."""
    return _catalogue(process_language()).gettext(template) if template else ""


def tell(text: MatouError | str) -> str:
    """The fact of an error, a phrase, or a name, in the person's language and with nothing that a terminal obeys."""
    if isinstance(text, MatouError | Phrase):
        return _filled(text.template, text.values)
    return "; ".join(printable(line) for line in text.split("\n"))


def describe(error: MatouError) -> str:
    """The fact, and on a line of its own the advice of the error or else of what it was made from."""
    advice = _advice(error)
    return f"{tell(error)}\n{advice}" if advice else tell(error)


def _advice(error: MatouError) -> str:
    if error.advice:
        return _filled(error.advice, error.values)
    return next(filter(None, (_advice(value) for value in error.values.values() if isinstance(value, MatouError))), "")


def _filled(template: str, values: Mapping[str, object]) -> str:
    text = translate(template)
    return text.format(**{name: _shown(value) for name, value in values.items()}) if values else text


def _shown(value: object) -> object:
    if isinstance(value, OSError):
        value = reason_of(value)
    if isinstance(value, MatouError | str):
        return tell(value)
    return tell(str(value)) if isinstance(value, Exception | PurePath) else value


def complain(text: str) -> None:
    """Say on standard error that something went wrong."""
    typer.echo(f"matou: {text}", err=True)
