"""The arguments and options that several commands have."""

import os
import re
from pathlib import Path
from typing import Final

import click

from matou.i18n import gettext as _

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


class Folder(click.Path):
    """A folder of this machine: the address of a bucket would become one that is called `s3:`."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: "str | os.PathLike[str]", param: click.Parameter | None, ctx: click.Context | None
    ) -> "str | bytes | os.PathLike[str]":
        # What came is not shown: some write keys into addresses.
        if _ADDRESS.match(os.fspath(value)):
            self.fail(
                _(
                    "this is an address, and no folder of this machine; for an archive in a bucket make a folder with:"
                    " matou archive attach DIR s3://BUCKET/PREFIX"
                ),
                param,
                ctx,
            )
        return super().convert(value, param, ctx)


ARCHIVE = Folder()

archive_argument = click.argument("directory", type=ARCHIVE, metavar="DIR", help=_("the archive"))
root_option = click.option("--root", type=ARCHIVE, required=True, metavar="DIR", help=_("the archive"))
group_option = click.option(
    "--group", metavar="GROUP", help=_("a group of this machine whose members may read the archive")
)
repository_argument = click.argument("path", metavar="NAMESPACE/NAME", help=_("the repository"))
namespace_argument = click.argument("path", metavar="NAMESPACE", help=_("the organization, or a namespace inside one"))
include_option = click.option("--include", multiple=True, metavar="GLOB", help=_("only repositories that match"))
exclude_option = click.option("--exclude", multiple=True, metavar="GLOB", help=_("no repository that matches"))
token_stdin_option = click.option(
    "--token-stdin", is_flag=True, help=_("read the token from the first line of standard input")
)
password_stdin_option = click.option(
    "--password-stdin", is_flag=True, help=_("read the password from the first line of standard input")
)
json_option = click.option("--json", "as_json", is_flag=True, help=_("as JSON"))
json_lines_option = click.option("--json", "as_json", is_flag=True, help=_("as JSON, a line for each"))
json_report_option = click.option("--json", "as_json", is_flag=True, help=_("print the report as JSON"))
yes_option = click.option("--yes", is_flag=True, help=_("do not ask; without a terminal it has to be said"))
