"""The commands about the keys with which accounts sign their commits. They need no running server."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matou.cli.help import Command, Group
from matou.cli.open_forge import Root, account, forge_at
from matou.cli.ui.verbosity import say
from matou.i18n import gettext as _
from matou.i18n import printable

if TYPE_CHECKING:
    from matou.db.signing_keys import SigningKey

Account = Annotated[str, typer.Option("--user", help=_("whose key it is"))]

keys = typer.Typer(cls=Group, help=_("Keys with which accounts sign their commits."), no_args_is_help=True)


@keys.command("add", cls=Command, help=_("Register a public OpenPGP key; its id is printed alone on standard output."))
def add_key(
    user: Account,
    root: Root,
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True, dir_okay=False, help=_("as `gpg --armor --export` writes it; standard input without one")
        ),
    ] = None,
) -> None:
    from matou.forge.accounts.signing_keys import add_signing_key

    text = typer.get_text_stream("stdin").read() if file is None else file.read_text(encoding="utf-8", errors="replace")
    with forge_at(root) as forge:
        made = add_signing_key(forge, account(forge, user), text)
    typer.echo(str(made.id))


@keys.command("list", cls=Command, help=_("List the keys of an account."))
def list_keys(
    user: Account, root: Root, as_json: Annotated[bool, typer.Option("--json", help=_("as JSON"))] = False
) -> None:
    from matou.forge.accounts.signing_keys import signing_keys
    from matou.git.operations.signatures import read_certificate

    with forge_at(root) as forge:
        found = signing_keys(forge, account(forge, user))
    if as_json:
        typer.echo(json.dumps([_as_json(key) for key in found], ensure_ascii=False, indent=2))
        return
    for key in found:
        emails = ", ".join(read_certificate(key.certificate).emails)
        typer.echo(f"{key.id}  {key.fingerprint}  {printable(emails)}")


@keys.command("remove", cls=Command, help=_("Take a key away; what it signed stays."))
def remove_key(
    key_id: Annotated[int, typer.Argument(metavar="ID", help=_("as `list` prints it"))], user: Account, root: Root
) -> None:
    from matou.forge.accounts.signing_keys import remove_signing_key

    with forge_at(root) as forge:
        remove_signing_key(forge, account(forge, user), key_id)
    say(_("removed the key {id}").format(id=key_id))


def _as_json(key: "SigningKey") -> dict[str, object]:
    from matou.git.operations.signatures import read_certificate

    certificate = read_certificate(key.certificate)
    expires_at = certificate.expires_at
    return {
        "id": key.id,
        "fingerprint": certificate.fingerprint,
        "emails": list(certificate.emails),
        "expires_at": None if expires_at is None else expires_at.isoformat(),
        "revoked": certificate.is_revoked,
    }
