"""How commands reach the hosting server's use cases."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from matou.cli.privacy import keep_private
from matou.cli.ui.formatting import columns, local_time, size
from matou.cli.ui.verbosity import print_error, say
from matou.errors import MatouError, NotFound
from matou.i18n import format_error, printable
from matou.i18n import gettext as _
from matou.settings import Settings

if TYPE_CHECKING:
    from matou.db.repositories import Repository
    from matou.db.users import User
    from matou.forge.forge import Forge

root_option = click.option(
    "--root", type=click.Path(path_type=Path), required=True, metavar="DIR", help=_("the archive")
)
json_option = click.option("--json", "as_json", is_flag=True, help=_("as JSON"))
yes_option = click.option("--yes", is_flag=True, help=_("do not ask; without a terminal it has to be said"))


@contextmanager
def forge_at(
    root: Path, *, loopback: bool = False, anonymous_reads_backups: bool = False, group: str | None = None
) -> Iterator["Forge"]:
    """The use cases over an archive, its index up to date; what could not be indexed is told on standard error.

    Args:
        group: whose members may read the archive from now on; None for what its folder says.
    """
    from matou.wiring import open_forge

    keep_private(root, group=group)
    with open_forge(
        root,
        Settings.of_process(),
        loopback=loopback,
        anonymous_reads_backups=anonymous_reads_backups,
        on_problem=_complain_of,
    ) as forge:
        yield forge


@contextmanager
def existing_forge_at(root: Path) -> Iterator["Forge"]:
    """As `forge_at`, for what asks about an archive or changes what is in it. Raises NotAnArchive."""
    from matou.wiring import open_archive

    open_archive(root)
    with forge_at(root) as forge:
        yield forge


def account(forge: "Forge", name: str) -> "User":
    """By name or e-mail. Raises NotFound."""
    from matou.forge.accounts.users import find_user

    found = find_user(forge, name)
    if found is None:
        raise NotFound("there is no account {name}", name=repr(name))
    return found


def repository(forge: "Forge", path: str) -> "Repository":
    """Raises InvalidName, NoSuchRepository."""
    from matou.forge.repositories.lifecycle import find_repository
    from matou.model.names import RepositoryPath

    return find_repository(forge, RepositoryPath.parse(path))


def tell_rows(rows: Sequence[Sequence[str]]) -> None:
    """A table without a head, on standard output; nothing where there is none."""
    for line in columns([[printable(cell) for cell in row] for row in rows]) if rows else ():
        click.echo(line)


def tell_values(values: Mapping[str, object]) -> None:
    """What is known of one thing, a line for each; what is not known is left out."""
    from matou.cli.labels import FIELDS

    tell_rows([(FIELDS[name], _shown(name, value)) for name, value in values.items() if value not in (None, "")])


def _shown(name: str, value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name.endswith("_at"):
        return local_time(datetime.fromisoformat(str(value)))
    return size(value) if name.endswith("_bytes") and isinstance(value, int) else str(value)


def tell_json(values: object) -> None:
    click.echo(json.dumps(values, ensure_ascii=False, indent=2))


def answer(values: object, sentence: str, *, as_json: bool) -> None:
    """What a command has changed: for a program as it is now, for a person in a sentence."""
    if as_json:
        tell_json(values)
    else:
        say(sentence)


def _complain_of(problem: MatouError) -> None:
    print_error(format_error(problem))
