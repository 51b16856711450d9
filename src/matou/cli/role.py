"""The commands about the roles that are made for one repository. They need no running server."""

import click

from matou.cli.command import Group, WholeNumber
from matou.cli.exit_codes import OF_ADMINISTRATION
from matou.cli.options import json_option, repository_argument, root_option
from matou.i18n import gettext as _

roles = Group("role", exit_codes=OF_ADMINISTRATION)

roles.add(
    "create",
    "matou.cli.run.role:create_role",
    repository_argument,
    click.argument("name", metavar="NAME", help=_("what the role is called")),
    root_option,
    click.option(
        "--access-level",
        type=WholeNumber(min=10, max=49),
        required=True,
        metavar="LEVEL",
        help=_("10 to 49; as the highest standard role up to it: guest 10, reporter 20, developer 30, maintainer 40"),
    ),
    click.option("--display-name", default="", show_default=False, metavar="NAME", help=_("its name in any script")),
    click.option("--description", default="", show_default=False, metavar="TEXT", help=_("what the role is for")),
    help=_("Make a role; its id is printed alone on standard output."),
    examples={"matou role create team/api tester --access-level 20 --root DIR": _("a role that may read and not push")},
)

roles.add(
    "list",
    "matou.cli.run.role:list_roles",
    repository_argument,
    root_option,
    json_option,
    help=_("List the roles made for a repository."),
    examples={"matou role list team/api --root DIR": _("their ids and levels")},
)

roles.add(
    "delete",
    "matou.cli.run.role:delete_role",
    repository_argument,
    click.argument("role_id", metavar="ID", help=_("as `list` prints it")),
    root_option,
    help=_("Delete a role that nobody has."),
    examples={"matou role delete team/api ID --root DIR": _("the id stands in the list")},
)
