"""Typer's own words in the person's language: headings, the help option, and what is wrong with a command line."""

import gettext
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated

import typer
from typer._click.core import Command as ClickCommand
from typer.core import TyperCommand, TyperGroup, TyperOption

from matou.cli.ui.verbosity import Verbosity, choose
from matou.i18n import gettext as _
from matou.settings import process_language

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter
    from typer._click.core import Parameter

SAID_THROUGH_GETTEXT = (
    _("Arguments"),
    _("Options"),
    _("Commands"),
    _("required"),
    _("default: {default}"),
    _("No such command {name!r}."),
    _("Missing command."),
)
"""Typer asks Python's gettext for these."""

_PIECES = {"[OPTIONS]": _("[OPTIONS]"), "COMMAND [ARGS]...": _("COMMAND [ARGS]...")}

_OF_VALUE = r"Invalid value for '(?P<name>[^']*)'(?: / '[^']*')*: "

_SUGGESTION = re.compile(r"(?P<fact>.*?)[.。]*\. Did you mean (?P<others>.*)\?", re.DOTALL)

_MISTAKES = (
    (
        re.compile(r"Missing argument '(?P<name>.*)'\. Choose from:(?P<words>.*)", re.DOTALL),
        _("the argument {name} is missing, which is one of: {words}"),
    ),
    (
        re.compile(r"Missing option '(?P<name>.*)'\. Choose from:(?P<words>.*)", re.DOTALL),
        _("the option {name} is missing, which is one of: {words}"),
    ),
    (re.compile(r"Option '(?P<name>.*)' does not take a value\.", re.DOTALL), _("the option {name} takes no value")),
    (re.compile(r"Missing argument '(?P<name>.*)'\.", re.DOTALL), _("the argument {name} is missing")),
    (re.compile(r"Missing option '(?P<name>.*)'\.", re.DOTALL), _("the option {name} is missing")),
    (re.compile(r"No such option: (?P<name>\S*)"), _("there is no option {name}")),
    (
        re.compile(r"No such option: (?P<name>\S*) \(Possible options: (?P<others>.*)\)"),
        _("there is no option {name}, but {others}"),
    ),
    (re.compile(r"Got unexpected extra argument\(s\) \((?P<words>.*)\)", re.DOTALL), _("{words} is too much")),
    (re.compile(r"Option '(?P<name>.*)' requires an argument\.", re.DOTALL), _("the option {name} needs a value")),
    (
        re.compile(_OF_VALUE + r"\w+ '(?P<path>.*)' does not exist\.", re.DOTALL),
        _("the value of {name} will not do: there is no {path!r}"),
    ),
    (
        re.compile(_OF_VALUE + r"\w+ '(?P<path>.*)' is a directory\.", re.DOTALL),
        _("the value of {name} will not do: {path!r} is a folder"),
    ),
    (
        re.compile(_OF_VALUE + r"Input should be a valid integer.*", re.DOTALL),
        _("the value of {name} will not do: it is no whole number"),
    ),
    (
        re.compile(_OF_VALUE + r"Input should be greater than or equal to (?P<least>.*)"),
        _("the value of {name} will not do: it is less than {least}"),
    ),
    (
        re.compile(_OF_VALUE + r"Input should be less than or equal to (?P<most>.*)"),
        _("the value of {name} will not do: it is more than {most}"),
    ),
    (
        re.compile(_OF_VALUE + r"Value error, (?P<given>'.*') is not one of (?P<words>.*)\.", re.DOTALL),
        _("the value of {name} will not do: {given} is none of {words}"),
    ),
    (
        re.compile(_OF_VALUE + r"(?P<fault>.*)", re.DOTALL),
        _("the value of {name} will not do: {fault}"),
    ),
)


def use_language() -> None:
    """Let gettext, which Typer asks, find our translations."""
    if process_language() != "en":
        gettext.bindtextdomain("matou", str(files("matou").joinpath("locale")))
        gettext.textdomain("matou")


def mistake(said: str) -> str:
    """What Typer finds wrong with a command line; what we do not know stays as it says it."""
    if suggested := _SUGGESTION.fullmatch(said):
        others = suggested["others"]
        return _("{fact}, but {others}").format(fact=mistake(suggested["fact"]), others=others)
    for pattern, text in _MISTAKES:
        if found := pattern.fullmatch(said):
            return text.format(**{name: " ".join(value.split()) for name, value in found.groupdict().items()})
    return said.rstrip(".。")


def is_help(said: str) -> bool:
    """Whether it is the help that Typer answers a command with that has subcommands and was given none."""
    return said.startswith(_("Usage: "))


class _InOurWords(ClickCommand):
    """What commands and groups of them have in common."""

    def get_help_option(self, ctx: "Context") -> TyperOption | None:
        return _in_our_words(super().get_help_option(ctx))

    def get_params(self, ctx: "Context") -> "list[Parameter]":
        own = super().get_params(ctx)
        before_help = len(self.params)
        return [*own[:before_help], *_shared_options(), *own[before_help:]]

    def format_usage(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        pieces = (_PIECES.get(piece, piece) for piece in self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=_("Usage: "))


class Command(_InOurWords, TyperCommand):
    """A command whose help is in the person's language, with the options that every command has."""


class Group(_InOurWords, TyperGroup):
    """Commands under one word; see Command."""


def show_help(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help=_("the command's words, as in: org member add"))
    ] = None,
) -> None:
    program = context.find_root()
    program.command.main([*(words or ()), "--help"], prog_name=program.info_name, standalone_mode=False)


def _be_quiet(*, value: bool) -> None:
    if value:
        choose(Verbosity.QUIET)


def _be_verbose(*, value: bool) -> None:
    if value:
        choose(Verbosity.VERBOSE)


@cache
def _shared_options() -> "tuple[Parameter, ...]":
    def said_of_every_command(
        quiet: Annotated[
            bool,
            typer.Option(
                "--quiet", "-q", expose_value=False, callback=_be_quiet, help=_("say nothing but what went wrong")
            ),
        ] = False,
        verbose: Annotated[
            bool, typer.Option("--verbose", "-v", expose_value=False, callback=_be_verbose, help=_("say more"))
        ] = False,
    ) -> None: ...

    holder = typer.Typer(add_completion=False)
    holder.command()(said_of_every_command)
    return tuple(typer.main.get_command(holder).params)


def _in_our_words(option: TyperOption | None) -> TyperOption | None:
    if option is not None:
        option.help = _("Show this message and exit.")
    return option
