"""How commands reach the hosting server's use cases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matou.cli.bucket_secrets import BucketSecrets
from matou.cli.privacy import keep_private
from matou.cli.ui.output import print_error
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User
from matou.errors import MatouError, NotFound
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.accounts.users import find_user
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import find_repository
from matou.i18n import format_error
from matou.model.names import NamespacePath, RepositoryPath
from matou.settings import Settings
from matou.wiring import open_archive, open_forge


@contextmanager
def forge_at(
    root: Path,
    *,
    loopback: bool = False,
    anonymous_reads_backups: bool = False,
    asks_bucket: bool = True,
    group: str | None = None,
    bucket_secrets: BucketSecrets | None = None,
) -> Iterator[Forge]:
    """The use cases over an archive, its index up to date; what could not be indexed is told on standard error.

    Args:
        asks_bucket: as of `open_forge`.
        bucket_secrets: what remembers the keys of the bucket, for whoever opens the archive several times.
        group: whose members may read the archive from now on; None for what its folder says.
    """
    keep_private(root, group=group)
    settings = Settings.of_process()
    with open_forge(
        root,
        settings,
        loopback=loopback,
        anonymous_reads_backups=anonymous_reads_backups,
        asks_bucket=asks_bucket,
        bucket_keys=(bucket_secrets or BucketSecrets(settings)).find,
        on_problem=_print_problem,
    ) as forge:
        yield forge


@contextmanager
def existing_forge_at(root: Path) -> Iterator[Forge]:
    """As `forge_at`, for what asks about an archive or changes what is in it. Raises NotAnArchive."""
    open_archive(root, in_bucket=True)
    with forge_at(root) as forge:
        yield forge


def find_account(forge: Forge, name: str) -> User:
    """By name or e-mail. Raises NotFound."""
    user = find_user(forge, name)
    if user is None:
        raise NotFound("there is no account {name}", name=repr(name))
    return user


def find_repository_at(forge: Forge, path: str) -> Repository:
    """Raises InvalidName, NoSuchRepository."""
    return find_repository(forge, RepositoryPath.parse(path))


def find_namespace_at(forge: Forge, path: str) -> Namespace:
    """Raises InvalidName, NoSuchNamespace."""
    return find_namespace(forge, NamespacePath.parse(path))


def _print_problem(problem: MatouError) -> None:
    print_error(format_error(problem))
