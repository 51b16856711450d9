"""The commands about the keys with which accounts sign their commits. They need no running server."""

import json
import sys
from pathlib import Path

import click

from matou.cli.command import Group, WholeNumber
from matou.cli.open_forge import find_account, forge_at
from matou.cli.options import json_option, root_option
from matou.cli.ui.output import say
from matou.db.signing_keys import SigningKey
from matou.forge.access import MayManageAccount, MaySeeAccount, granted_to_operator
from matou.forge.accounts.signing_keys import add_signing_key, remove_signing_key, signing_keys
from matou.git.operations.signatures import read_certificate
from matou.i18n import gettext as _
from matou.i18n import printable

user_option = click.option("--user", required=True, metavar="USER", help=_("whose key it is"))

keys = Group("key")


@keys.command("add", help=_("Register a public OpenPGP key; its id is printed alone on standard output."))
@user_option
@root_option
@click.argument(
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=False,
    help=_("as `gpg --armor --export` writes it; standard input without one"),
)
def add_key(user: str, root: Path, file: Path | None) -> None:
    text = sys.stdin.read() if file is None else file.read_text(encoding="utf-8", errors="replace")
    with forge_at(root) as forge:
        made = add_signing_key(forge, granted_to_operator(MayManageAccount, find_account(forge, user)), text)
    click.echo(str(made.id))


@keys.command("list", help=_("List the keys of an account."))
@user_option
@root_option
@json_option
def list_keys(user: str, root: Path, as_json: bool) -> None:
    with forge_at(root) as forge:
        found = signing_keys(forge, granted_to_operator(MaySeeAccount, find_account(forge, user)))
    if as_json:
        click.echo(json.dumps([_as_json(key) for key in found], ensure_ascii=False, indent=2))
        return
    for key in found:
        emails = ", ".join(read_certificate(key.certificate).emails)
        click.echo(f"{key.id}  {key.fingerprint}  {printable(emails)}")


@keys.command("remove", help=_("Take a key away; what it signed stays."))
@click.argument("key_id", type=WholeNumber(), metavar="ID", help=_("as `list` prints it"))
@user_option
@root_option
def remove_key(key_id: int, user: str, root: Path) -> None:
    with forge_at(root) as forge:
        remove_signing_key(forge, granted_to_operator(MayManageAccount, find_account(forge, user)), key_id)
    say(_("removed the key {id}").format(id=key_id))


def _as_json(key: SigningKey) -> dict[str, object]:
    certificate = read_certificate(key.certificate)
    expires_at = certificate.expires_at
    return {
        "id": key.id,
        "fingerprint": certificate.fingerprint,
        "emails": list(certificate.emails),
        "expires_at": None if expires_at is None else expires_at.isoformat(),
        "revoked": certificate.is_revoked,
    }
