"""What is done with the keys with which accounts sign their commits."""

import json
import sys
from pathlib import Path

import click

from matou.cli.open_forge import existing_forge_at, find_account
from matou.cli.ui.output import say
from matou.db.signing_keys import SigningKey
from matou.forge.access import MayManageAccount, MaySeeAccount, granted_to_operator
from matou.forge.accounts.signing_keys import add_signing_key, remove_signing_key, signing_keys
from matou.git.operations.signatures import read_certificate
from matou.i18n import gettext as _
from matou.i18n import printable


def add_key(user: str, root: Path, file: Path | None) -> None:
    text = sys.stdin.read() if file is None else file.read_text(encoding="utf-8", errors="replace")
    with existing_forge_at(root) as forge:
        made = add_signing_key(forge, granted_to_operator(MayManageAccount, find_account(forge, user)), text)
    click.echo(str(made.id))


def list_keys(user: str, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        keys = signing_keys(forge, granted_to_operator(MaySeeAccount, find_account(forge, user)))
    if as_json:
        click.echo(json.dumps([_as_json(key) for key in keys], ensure_ascii=False, indent=2))
        return
    for key in keys:
        emails = ", ".join(read_certificate(key.certificate).emails)
        click.echo(f"{key.id}  {key.fingerprint}  {printable(emails)}")


def remove_key(key_id: int, user: str, root: Path) -> None:
    with existing_forge_at(root) as forge:
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
