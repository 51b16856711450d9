"""The commands about organizations and the namespaces inside them. They need no running server."""

import click

from matou.cli.command import Group
from matou.cli.exit_codes import OF_ADMINISTRATION
from matou.cli.options import json_option, namespace_argument, root_option, yes_option
from matou.i18n import gettext as _

organizations = Group("org", exit_codes=OF_ADMINISTRATION)

organizations.add_lazy(
    "member", "matou.cli.member:members", _("Who has which role in a namespace and in all below it.")
)

organizations.add(
    "create",
    "matou.cli.run.org:create_organization",
    click.argument("name", metavar="NAME", help=_("the last part of its path")),
    root_option,
    click.option("--owner", required=True, metavar="USER", help=_("the account that owns it")),
    click.option("--parent", metavar="NAMESPACE", help=_("the namespace it goes into")),
    click.option("--display-name", default="", show_default=False, metavar="NAME", help=_("its name in any script")),
    help=_("Make an organization; with --parent a namespace inside one."),
    examples={"matou org create api --root DIR --owner anna --parent team": _("a namespace inside team")},
)

organizations.add(
    "list",
    "matou.cli.run.org:list_organizations",
    root_option,
    json_option,
    help=_("List organizations and the namespaces inside them."),
    examples={"matou org list --root DIR": _("all of them, by path")},
)

organizations.add(
    "show",
    "matou.cli.run.org:show_organization",
    namespace_argument,
    root_option,
    json_option,
    help=_("Show an organization, its members and how much is in it."),
    examples={"matou org show team --root DIR": _("its members, and how much is in it")},
)

organizations.add(
    "rename",
    "matou.cli.run.org:rename_organization",
    namespace_argument,
    root_option,
    click.argument("name", required=False, help=_("the last part of its new path")),
    click.option("--display-name", metavar="NAME", help=_("its name in any script")),
    json_option,
    help=_("Give a namespace another name; old paths of repositories go on."),
    examples={"matou org rename team crew --root DIR": _("clones of the old path keep working")},
)

organizations.add(
    "delete",
    "matou.cli.run.org:delete_organization",
    namespace_argument,
    root_option,
    yes_option,
    json_option,
    help=_("Delete a namespace in which nothing is left."),
    examples={"matou org delete team --root DIR": _("only where nothing is left in it")},
)
