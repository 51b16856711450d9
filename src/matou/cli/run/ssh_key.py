"""What is done with the keys with which people and machines come in by SSH."""

import sys
from pathlib import Path

import click

from matou.cli.open_forge import existing_forge_at, find_account, find_repository_at
from matou.cli.ui.output import print_json, print_table, say
from matou.credentials.ssh_public_keys import GOOD_RSA_BITS, read_ssh_public_key
from matou.db.repositories import Repository
from matou.db.ssh_keys import SshKey
from matou.db.users import User
from matou.errors import Invalid
from matou.forge.access import MayManageAccount, MayManageMembers, granted_to_operator
from matou.forge.accounts import ssh_keys as keys
from matou.forge.forge import Forge
from matou.i18n import gettext as _


def add_key(user: str | None, repository: str | None, root: Path, file: Path | None, title: str, writes: bool) -> None:
    text = sys.stdin.read() if file is None else file.read_text(encoding="utf-8", errors="replace")
    if writes and repository is None:
        raise Invalid("--write is of deploy keys: an account's key may do what the account may")
    with existing_forge_at(root) as forge:
        owner = _owner(forge, user, repository)
        if isinstance(owner, User):
            made = keys.add_ssh_key(forge, granted_to_operator(MayManageAccount, owner), text, title)
        else:
            granted = granted_to_operator(MayManageMembers, owner)
            made = keys.add_deploy_key(forge, granted, text, title, writes=writes)
    click.echo(str(made.id))
    if read_ssh_public_key(made.public_key).is_short:
        say(_("the key is short for one of RSA: {bits} bits or Ed25519 last longer").format(bits=GOOD_RSA_BITS))


def list_keys(user: str | None, repository: str | None, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        owner = _owner(forge, user, repository)
        if isinstance(owner, User):
            found = keys.ssh_keys(forge, granted_to_operator(MayManageAccount, owner))
        else:
            found = keys.deploy_keys(forge, granted_to_operator(MayManageMembers, owner))
    if as_json:
        print_json([_values(key) for key in found])
    else:
        print_table([_row(key) for key in found])


def remove_key(key_id: int, user: str | None, repository: str | None, root: Path) -> None:
    with existing_forge_at(root) as forge:
        owner = _owner(forge, user, repository)
        if isinstance(owner, User):
            keys.remove_ssh_key(forge, granted_to_operator(MayManageAccount, owner), key_id)
        else:
            keys.remove_deploy_key(forge, granted_to_operator(MayManageMembers, owner), key_id)
    say(_("removed the key {id}").format(id=key_id))


def _owner(forge: Forge, user: str | None, repository: str | None) -> User | Repository:
    if user is not None and repository is None:
        return find_account(forge, user)
    if repository is not None and user is None:
        return find_repository_at(forge, repository)
    raise Invalid("a key is of an account or of a repository", advice="give either --user or --repo")


def _row(key: SshKey) -> tuple[str, ...]:
    used = "" if key.last_used_at is None else f"{key.last_used_at.astimezone():%Y-%m-%d}"
    kind = key.public_key.split(" ", 1)[0]
    may = "" if key.repository_id is None else _("may push") if key.writes else _("read-only")
    return (str(key.id), key.fingerprint, kind, f"{key.created_at.astimezone():%Y-%m-%d}", used, may, key.title)


def _values(key: SshKey) -> dict[str, object]:
    values: dict[str, object] = {
        "id": key.id,
        "title": key.title,
        "fingerprint": key.fingerprint,
        "public_key": key.public_key,
        "created_at": key.created_at.isoformat(),
        "last_used_at": None if key.last_used_at is None else key.last_used_at.isoformat(),
    }
    return values if key.repository_id is None else {**values, "writes": key.writes}
