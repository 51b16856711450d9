"""What is wrong with a command line, in our manner: what happened and with what, then what would do.

Click's own sentences begin with a capital and end with a stop; ours are facts, as those of every other error.
"""

from collections.abc import Sequence

import click
from click.exceptions import NoSuchCommand, NoSuchOption

from matou.i18n import gettext as _
from matou.i18n import labelled


def usage_fact(error: click.UsageError) -> str:
    """In one line."""
    match error:
        case NoSuchOption():
            fact = labelled(_("unknown option"), error.option_name) + _suggestion(error.possibilities)
        case NoSuchCommand():
            fact = labelled(_("unknown command"), error.command_name) + _suggestion(error.possibilities)
        case click.MissingParameter(param=click.Argument() as argument):
            fact = labelled(_("missing argument"), _hint(error)) + _choices(argument)
        case click.MissingParameter(param=click.Option() as option):
            fact = labelled(_("missing option"), _hint(error)) + _choices(option)
        case click.BadParameter() if hint := _hint(error):
            fact = _("invalid value for {parameter}: {fault}").format(parameter=hint, fault=error.message.rstrip(".。"))
        case _:
            fact = error.message
    return " ".join(fact.split())


def _hint(error: click.BadParameter) -> str:
    """The option or argument as a person types it."""
    if isinstance(error.param, click.Option):
        return error.param.opts[-1]
    if isinstance(error.param, click.Parameter) and error.ctx:
        return error.param.make_metavar(error.ctx)
    return str(error.param_hint or "")


def _choices(parameter: click.Parameter) -> str:
    if not isinstance(parameter.type, click.Choice):
        return ""
    return _(" (choose from {choices})").format(choices=", ".join(map(str, parameter.type.choices)))


def _suggestion(possibilities: Sequence[str] | None) -> str:
    if not possibilities:
        return ""
    return _("; did you mean {possibilities}?").format(possibilities=", ".join(sorted(possibilities)))
