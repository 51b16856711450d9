"""What the program says, in the person's language.

English stands in the code; the Chinese is in `locale/zh_CN/LC_MESSAGES/matou.po`, which `make messages` compiles.
The key of a text is the English template, so a value never becomes part of a key.
"""

import gettext
from functools import cache
from importlib.resources import files

import typer

from matou.errors import MatouError, Phrase
from matou.settings import process_language


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    with files("matou").joinpath("locale/zh_CN/LC_MESSAGES/matou.mo").open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


def translate(template: str) -> str:
    """The template in the language of the process's environment; itself where there is no translation."""
    return _catalogue(process_language()).gettext(template) if template else ""


def describe(error: MatouError) -> str:
    """The fact and the advice of an error, in the person's language, without a trailing line feed."""
    values = {name: _describe_value(value) for name, value in error.values.items()}
    fact = translate(error.template).format(**values)
    return f"{fact}\n{translate(error.advice).format(**values)}" if error.advice else fact


def _describe_value(value: object) -> object:
    if isinstance(value, MatouError):
        return describe(value)
    return translate(value) if isinstance(value, Phrase) else value


def complain(text: str) -> None:
    """Say on standard error that something went wrong."""
    typer.echo(f"matou: {text}", err=True)
