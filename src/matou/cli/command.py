"""What every command has: -q and -v, and help in the person's language with its examples and exit codes.

A group may know a command by the name of its module alone: that is imported when somebody asks for the command, so that
`matou --help` loads none of them. A command in its turn may know its work by a name: that is imported when it runs, so
that its own help and a shell's completion load neither the database nor the server.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib import import_module
from typing import Any, Self

import click
from click.exceptions import NoSuchCommand

from matou.cli.exit_codes import MEANINGS, ExitCode
from matou.cli.ui.verbosity import Verbosity, choose
from matou.i18n import gettext as _
from matou.i18n import ngettext

PROGRAM = "matou"
COMPLETE = "_MATOU_COMPLETE"
"""A variable that a shell sets to ask for words instead of running a command."""

SAID_BY_CLICK = (
    _("Arguments"),
    _("Options"),
    _("Commands"),
    _("required"),
    _("Show this message and exit."),
    _("default: {default}"),
    _("Option {name!r} does not take a value."),
    _("Missing command."),
    _("Choose from:\n\t{choices}"),
    _("{value!r} is not a valid {number_type}."),
    _("{value} is not in the range {range}."),
    _("{name} {filename!r} does not exist."),
    _("{name} {filename!r} is a directory."),
    _("{name} {filename!r} is a file."),
    _("{name} {filename!r} is not readable."),
    _("file"),
    _("directory"),
    ngettext("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1),
    ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1),
)
"""Click asks Python's gettext for these; see `i18n.use_for_libraries`."""


def unexpected_arguments(arguments: Sequence[str]) -> str:
    template = ngettext("unexpected argument: {arguments}", "unexpected arguments: {arguments}", len(arguments))
    return template.format(arguments=" ".join(arguments))


def imported(target: str) -> Any:
    """What stands at `module:attribute`."""
    module, _separator, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def _run(target: str, **arguments: object) -> None:
    imported(target)(**arguments)


class Formatter(click.HelpFormatter):
    """Headings with the colon of the person's language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, _("Usage: ") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        self.write(" " * self.current_indent + _("{heading}:").format(heading=heading) + "\n")


class Context(click.Context):
    """Of one command."""

    formatter_class = Formatter


class WholeNumber(click.IntRange):
    """A number without a fraction, and perhaps with bounds."""

    name = _("whole number")


class Command(click.Command):
    """A command.

    Args:
        examples: command lines, each with what it does.
        exit_codes: what it may end with beside 0, 1 and 2.
    """

    context_class = Context

    def __init__(
        self,
        name: str | None,
        *,
        examples: Mapping[str, str] | None = None,
        exit_codes: Sequence[ExitCode] = (),
        **rest: Any,
    ) -> None:
        super().__init__(name, options_metavar=_("[OPTIONS]"), **rest)
        self.examples = examples or {}
        self.exit_codes = exit_codes

    @classmethod
    def lazy(cls, name: str, target: str, *parameters: Callable[[Self], Self], **rest: Any) -> Self:
        """A command whose work is imported when it runs.

        Args:
            target: of a function, as `module:attribute`; it is given every parameter by its name.
            parameters: as they would decorate the function, from the first to the last.
            rest: as a command is made of.
        """
        command = cls(name, callback=partial(_run, target), **rest)
        for add_to in parameters:
            add_to(command)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        allowed, ctx.allow_extra_args = ctx.allow_extra_args, True
        rest = super().parse_args(ctx, args)
        ctx.allow_extra_args = allowed
        if rest and not allowed and not ctx.resilient_parsing:
            ctx.fail(unexpected_arguments(rest))
        return rest

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return _with_shared_options(super().get_params(ctx), len(self.params))

    def get_short_help_str(self, limit: int = 45) -> str:
        return self.help or ""

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_arguments(self, ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section(_("Examples")):
                for line, meaning in self.examples.items():
                    _write_example(formatter, line, meaning)
        if self.exit_codes:
            write_exit_codes(formatter, (ExitCode.DONE, *self.exit_codes))


class Group(click.Group):
    """Commands under one word; see Command.

    Args:
        exit_codes: what those of its commands may end with that say nothing else.
    """

    context_class = Context
    command_class = Command

    def __init__(self, name: str, *, exit_codes: Sequence[ExitCode] = (), **rest: Any) -> None:
        super().__init__(
            name,
            no_args_is_help=True,
            options_metavar=_("[OPTIONS]"),
            subcommand_metavar=_("COMMAND [ARGS]..."),
            context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
            **rest,
        )
        self._exit_codes = exit_codes
        self._targets: dict[str, tuple[str, str]] = {}

    def add_lazy(self, name: str, target: str, line: str) -> None:
        """A command or group that is imported when it is asked for.

        Args:
            target: `module:attribute`.
            line: what it does, for the list of commands and the head of its own help.
        """
        self._targets[name] = (target, line)

    def add(self, name: str, target: str, *parameters: Callable[[Command], Command], **rest: Any) -> None:
        """A command of this group as `Command.lazy` makes it."""
        self.add_command(Command.lazy(name, target, *parameters, **{"exit_codes": self._exit_codes, **rest}))

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands, *self._targets]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._targets:
            return super().get_command(ctx, cmd_name)
        target, line = self._targets[cmd_name]
        command: click.Command = imported(target)
        command.help = line
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:  # Click has looked for likely ones among those that are loaded
            raise NoSuchCommand(error.command_name, possibilities=self.list_commands(ctx), ctx=ctx) from None

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return _with_shared_options(super().get_params(ctx), len(self.params))

    def get_short_help_str(self, limit: int = 45) -> str:
        return self.help or ""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, self._line(ctx, name)) for name in self.list_commands(ctx)])

    def _line(self, ctx: click.Context, name: str) -> str:
        if name in self._targets:
            return self._targets[name][1]
        command = self.get_command(ctx, name)
        return (command.help if command else None) or ""


def write_exit_codes(formatter: click.HelpFormatter, codes: Sequence[ExitCode]) -> None:
    with formatter.section(_("Exit codes")):
        formatter.write_dl([(str(int(code)), MEANINGS[code]) for code in codes])


def _write_arguments(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    arguments = [one for one in command.get_params(ctx) if isinstance(one, click.Argument)]
    if arguments:
        with formatter.section(_("Arguments")):
            formatter.write_dl([(one.human_readable_name.strip("[]."), _help_of(one)) for one in arguments])


def _help_of(argument: click.Argument) -> str:
    required = f"  [{_('required')}]" if argument.required else ""
    return f"{argument.help or ''}{required}"


def _write_example(formatter: click.HelpFormatter, line: str, meaning: str) -> None:
    """A command line stands as it is typed: it is not broken to the width of the terminal."""
    formatter.write(" " * formatter.current_indent + f"$ {line}\n")
    with formatter.indentation(), formatter.indentation():
        formatter.write_text(meaning)


def _with_shared_options(own: list[click.Parameter], before_help: int) -> list[click.Parameter]:
    return [*own[:before_help], *_shared_options(), *own[before_help:]]


@cache
def _shared_options() -> tuple[click.Option, ...]:
    def be_quiet(_ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value:
            choose(Verbosity.QUIET)

    def be_verbose(_ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value:
            choose(Verbosity.VERBOSE)

    return (
        click.Option(
            ("--quiet", "-q"),
            is_flag=True,
            expose_value=False,
            callback=be_quiet,
            help=_("say nothing but what went wrong"),
        ),
        click.Option(("--verbose", "-v"), is_flag=True, expose_value=False, callback=be_verbose, help=_("say more")),
    )
