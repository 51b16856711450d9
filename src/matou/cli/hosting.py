"""How commands reach the hosting server's use cases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from matou.cli.language import complain, describe
from matou.errors import MatouError
from matou.settings import Settings

if TYPE_CHECKING:
    from matou.forge.forge import Forge


@contextmanager
def forge_at(root: Path, *, loopback: bool = False, anonymous_reads_backups: bool = False) -> Iterator["Forge"]:
    """The use cases over an archive, its index up to date; what could not be indexed is told on standard error."""
    from matou.wiring import open_forge

    with open_forge(
        root,
        Settings.of_process(),
        loopback=loopback,
        anonymous_reads_backups=anonymous_reads_backups,
        on_problem=_complain_of,
    ) as forge:
        yield forge


def _complain_of(problem: MatouError) -> None:
    complain(describe(problem))
