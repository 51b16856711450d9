"""The commands about the repositories of a server. They need no running server."""

import click

from matou.cli.command import Group
from matou.cli.exit_codes import OF_ADMINISTRATION
from matou.cli.options import json_option, repository_argument, root_option, yes_option
from matou.i18n import gettext as _

repositories = Group("repo", exit_codes=OF_ADMINISTRATION)

repositories.add(
    "import",
    "matou.cli.run.repo:import_repository",
    click.argument("source", metavar="PATH_OR_URL", help=_("a folder, or an http or https URL")),
    click.argument("path", metavar="NAMESPACE/NAME", help=_("where it goes")),
    root_option,
    click.option("--public/--private", help=_("everybody may read it, without logging in")),
    help=_("Bring in a repository, with its LFS objects where they lie beside it."),
    examples={
        "matou repo import https://example.com/api.git team/api --root DIR": _(
            "private, unless --public says otherwise"
        )
    },
)

repositories.add(
    "list",
    "matou.cli.run.repo:list_repositories",
    root_option,
    json_option,
    help=_("List the repositories of a server."),
    examples={"matou repo list --root DIR --json": _("for a program to read")},
)

repositories.add(
    "show",
    "matou.cli.run.repo:show_repository",
    repository_argument,
    root_option,
    json_option,
    help=_("Show a repository: who sees it, how big it is, what it is from."),
    examples={"matou repo show team/api --root DIR": _("one repository, in full")},
)

repositories.add(
    "set",
    "matou.cli.run.repo:set_repository",
    repository_argument,
    root_option,
    click.option("--name", metavar="NAME", help=_("what people call it")),
    click.option("--path", "new_path", metavar="NAME", help=_("the last part of its path; the old one leads to it")),
    click.option("--description", metavar="TEXT", help=_("what the repository is for")),
    click.option("--homepage", metavar="URL", help=_("where it is at home")),
    click.option(
        "--visibility",
        type=click.Choice(["private", "internal", "public"]),
        help=_("members, everybody with an account, or everybody"),
    ),
    click.option("--default-branch", metavar="BRANCH", help=_("what a clone checks out")),
    click.option("--archive/--unarchive", "archived", default=None, help=_("whether nobody may change it any more")),
    json_option,
    help=_("Change what a repository is called, who sees it, and the like."),
    examples={"matou repo set team/api --visibility public --root DIR": _("everybody may read it from now on")},
)

repositories.add(
    "transfer",
    "matou.cli.run.repo:transfer_repository",
    repository_argument,
    click.argument("namespace", metavar="NAMESPACE", help=_("the namespace it goes into")),
    root_option,
    click.option(
        "--name",
        default="",
        show_default=False,
        metavar="NAME",
        help=_("the last part of its path there; the same by default"),
    ),
    json_option,
    help=_("Move a repository into another namespace; the old path goes on."),
    examples={"matou repo transfer team/api crew --root DIR": _("team/api becomes crew/api")},
)

repositories.add(
    "delete",
    "matou.cli.run.repo:delete_repository",
    repository_argument,
    root_option,
    yes_option,
    json_option,
    help=_("Delete a repository for good."),
    examples={"matou repo delete team/api --root DIR": _("it asks whether that is meant")},
)
