"""`matou check` and `matou reindex`: the database beside the folders."""

from matou.cli.command import Command
from matou.cli.exit_codes import ExitCode
from matou.cli.options import archive_argument

check = Command.lazy(
    "check",
    "matou.cli.run.check:check",
    archive_argument,
    exit_codes=(ExitCode.DAMAGE_FOUND,),
)

reindex = Command.lazy(
    "reindex",
    "matou.cli.run.check:reindex",
    archive_argument,
    exit_codes=(ExitCode.DAMAGE_FOUND,),
)
