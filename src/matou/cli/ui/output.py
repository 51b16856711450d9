"""What a command prints: data on standard output, everything else on standard error."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from matou.cli.ui.formatting import columns, local_time, size
from matou.cli.ui.verbosity import is_quiet
from matou.i18n import gettext as _
from matou.i18n import printable

FIELDS = {
    "admin": _("administrator"),
    "active": _("lets in"),
    "archived": _("archived"),
    "created_at": _("made"),
    "default_branch": _("default branch"),
    "description": _("description"),
    "display_name": _("display name"),
    "email": _("e-mail"),
    "homepage": _("home page"),
    "kind": _("kind"),
    "last_push_at": _("last push"),
    "name": _("name"),
    "path": _("path"),
    "repositories": _("repositories"),
    "size_bytes": _("size"),
    "source": _("source"),
    "tokens": _("tokens"),
    "visibility": _("visibility"),
}
"""What JSON calls the fields of accounts, namespaces and repositories, for people."""


def say(text: str) -> None:
    """On standard error, what somebody who waits wants to know; what went wrong is told by `print_error`."""
    if not is_quiet():
        click.echo(text, err=True)


def print_error(text: str) -> None:
    """Say on standard error that something went wrong."""
    click.echo(f"matou: {text}", err=True)


def print_json(values: object) -> None:
    click.echo(json.dumps(values, ensure_ascii=False, indent=2))


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Without a head; nothing where there is no row."""
    for line in columns([[printable(cell) for cell in row] for row in rows]) if rows else ():
        click.echo(line)


def print_fields(values: Mapping[str, object]) -> None:
    """What is known of one thing, a line for each; what is not known is left out."""
    print_table([(FIELDS[name], _shown(name, value)) for name, value in values.items() if value not in (None, "")])


def print_result(values: object, sentence: str, *, as_json: bool) -> None:
    """What a command has changed: for a program as it is now, for a person in a sentence."""
    if as_json:
        print_json(values)
    else:
        say(sentence)


def _shown(name: str, value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name.endswith("_at"):
        return local_time(datetime.fromisoformat(str(value)))
    return size(value) if name.endswith("_bytes") and isinstance(value, int) else str(value)
