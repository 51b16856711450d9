"""How commands reach the hosting server's use cases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matou.cli.language import complain, describe, translate
from matou.cli.privacy import keep_private
from matou.errors import MatouError, NotFound
from matou.settings import Settings

if TYPE_CHECKING:
    from matou.db.repositories import Repository
    from matou.db.users import User
    from matou.forge.forge import Forge

_ = translate

Root = Annotated[Path, typer.Option(help=_("the archive"))]


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


def account(forge: "Forge", name: str) -> "User":
    """By name or e-mail. Raises NotFound."""
    from matou.forge.users import find_user

    found = find_user(forge, name)
    if found is None:
        raise NotFound("there is no account {name}", name=repr(name))
    return found


def repository(forge: "Forge", path: str) -> "Repository":
    """Raises InvalidName, NoSuchRepository."""
    from matou.forge.repositories import find_repository
    from matou.model.names import RepositoryPath

    return find_repository(forge, RepositoryPath.parse(path))


def _complain_of(problem: MatouError) -> None:
    complain(describe(problem))
