"""The commands about organizations and the namespaces inside them. They need no running server."""

from typing import Annotated

import typer

from matou.cli.help import Command, Group
from matou.cli.hosting import Root, account, forge_at
from matou.cli.language import translate
from matou.cli.verbosity import say

_ = translate

organizations = typer.Typer(cls=Group, help=_("Teams: the outermost namespaces."), no_args_is_help=True)


@organizations.command("create", cls=Command, help=_("Make an organization; with --parent a namespace inside one."))
def create_organization(
    name: str,
    root: Root,
    owner: Annotated[str, typer.Option(help=_("the account that owns it"))],
    parent: Annotated[str | None, typer.Option(metavar="NAMESPACE", help=_("the namespace it goes into"))] = None,
    display_name: Annotated[str, typer.Option(help=_("its name in any script"))] = "",
) -> None:
    from matou.forge.namespaces import create_organization, find_namespace
    from matou.model.names import NamespacePath

    with forge_at(root) as forge:
        user = account(forge, owner)
        above = find_namespace(forge, NamespacePath.parse(parent)) if parent else None
        made = create_organization(forge, name, owner=user, parent=above, display_name=display_name)
    say(_("made {path}").format(path=made.path))
