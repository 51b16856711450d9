"""The program's entry: its commands, and what becomes of an error. A command is one file and one line below."""

import os
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Literal, TextIO

import click
from click.exceptions import Exit, NoArgsIsHelpError
from click.shell_completion import shell_complete

from matou import __version__
from matou.cli.command import COMPLETE, PROGRAM, Group, write_exit_codes
from matou.cli.exit_codes import ExitCode, exit_code_for
from matou.cli.system_errors import error_of_system
from matou.cli.ui.output import print_error, say
from matou.cli.ui.verbosity import STOPPED
from matou.cli.usage_errors import usage_fact
from matou.errors import MatouError
from matou.i18n import format_error, use_for_libraries
from matou.i18n import gettext as _
from matou.settings import process_variable

NO_CORE_AT_ALL = 1
"""Bytes. At 0 a core still goes to a program that catches them (`core_pattern` with a `|`); at 1 Linux makes none."""


class _Program(Group):
    """All commands. Its help says what every exit code means."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_exit_codes(formatter, tuple(ExitCode))


def _show_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"matou {__version__}")
        ctx.exit(ExitCode.DONE)


program = _Program(
    PROGRAM,
    help=_("Get a team's code out of a platform, keep it alive, and move it on."),
    params=[
        click.Option(
            ("--version",),
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_version,
            help=_("say the version and exit"),
        )
    ],
)
for name, place, line in (
    ("init", "init:initialize", _("Find a platform's API, keep a token, write matou.toml and back up, step by step.")),
    ("backup", "backup:backup", _("Save everything that a token can see into an archive.")),
    ("verify", "verify:verify", _("Prove that an archive is whole, and name what is not.")),
    ("runs", "runs:list_runs", _("List the runs of an archive.")),
    ("status", "status:status", _("Say how old the backups are, what is not done, and what to do next.")),
    ("show", "show:show", _("List what an archive holds, as of any run.")),
    ("du", "du:usage", _("Say what takes how much room in an archive.")),
    ("forget", "forget:forget", _("Forget runs that a policy does not keep; says first which.")),
    ("prune", "forget:prune", _("Free what only forgotten runs needed; says first what.")),
    ("restore", "restore:restore", _("Make plain repositories from an archive; needs no network.")),
    ("copy", "copy:copy", _("Keep a second copy of an archive, in a folder or a bucket.")),
    ("archive", "archive:archives", _("Where the bytes of an archive are: in its folder, or in a bucket.")),
    ("bucket", "bucket:buckets", _("Keys of buckets, kept by this machine.")),
    ("export", "export:export", _("Write issues, change requests and releases as pages, tables or lines of JSON.")),
    (
        "migrate",
        "migrate:migrate",
        _("Move the repositories of an archive to a platform, and prove that they are there."),
    ),
    ("serve", "serve:serve", _("Make an archive a git server.")),
    ("worker", "worker:worker", _("Go by the schedule in matou.toml, or do a server's jobs.")),
    ("jobs", "jobs:jobs", _("What a server has to do while nobody waits.")),
    ("schedule", "schedule:schedule", _("When things are done by themselves.")),
    ("notify", "notify:notify", _("Who is told when backups fail.")),
    ("login", "login:login", _("Check a token or password at its platform, and keep it.")),
    ("logout", "login:logout", _("Forget what is kept for a host.")),
    ("reindex", "check:reindex", _("Make the database's index of what was backed up anew.")),
    ("check", "check:check", _("Say where the database and the folders do not agree.")),
    ("doctor", "doctor:doctor", _("Say whether this machine is ready.")),
    ("completion", "completion:completion", _("Print what makes a shell complete Matou's commands and options.")),
    ("help", "help:show_help", _("Show what a command does and its options.")),
    ("auth", "auth:authentication", _("What Matou keeps to log in with.")),
    ("user", "user:users", _("Accounts on a server.")),
    ("token", "token:tokens", _("Tokens of accounts.")),
    ("org", "org:organizations", _("Teams: the outermost namespaces.")),
    ("repo", "repo:repositories", _("Repositories on a server.")),
    ("role", "role:roles", _("Roles made for one repository.")),
    ("key", "key:keys", _("Keys with which accounts sign their commits.")),
    ("ssh-key", "ssh_key:ssh_keys", _("Keys with which people and machines come in by SSH.")),
):
    program.add_lazy(name, f"matou.cli.{place}", line)


def main() -> None:
    """Run the command line of this process and end with one of `ExitCode`."""
    leave_no_core()  # before anything secret is read: a command is given secrets in many ways
    open_closed_streams()
    signal.signal(signal.SIGTERM, _interrupt)
    use_for_libraries()
    if shell := process_variable(COMPLETE):
        sys.exit(shell_complete(program, {}, PROGRAM, COMPLETE, shell))
    sys.exit(_run(sys.argv[1:]))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(words: Sequence[str]) -> int:
    try:
        code = _run_command(words)
        _flush()
    except MatouError as error:
        return _failed(error)
    except click.UsageError as error:
        _print_usage_error(error)
        return ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        return _interrupted(words)
    except BrokenPipeError:
        _discard_output()  # whoever read us has gone
        return ExitCode.OUR_FAULT
    except OSError as error:
        with suppress(OSError):
            _flush()
        return _failed(error_of_system(error))
    return code


def _run_command(words: Sequence[str]) -> int:
    """As Click's own `main` does, which prints an empty line at an interrupt and hides a broken pipe."""
    try:
        with program.make_context(PROGRAM, list(words)) as ctx:
            program.invoke(ctx)
    except Exit as ended:
        return ended.exit_code
    return ExitCode.DONE


def _flush() -> None:
    """What could not be written is an error of this command, not one that Python ignores as it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard_output()
        raise


def _discard_output() -> None:
    """Let Python flush what is left of the output into nothing (its documentation of SIGPIPE, signal.html)."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def _failed(error: MatouError) -> int:
    print_error(format_error(error))
    return exit_code_for(error)


def _interrupted(words: Sequence[str]) -> ExitCode:
    """What stays is ended by a signal as a rule, and may be from its first moment on; anything else was cut off."""
    command = next((word for word in words if not word.startswith("-")), "")
    if command in STOPPED:
        say(STOPPED[command])
        return ExitCode.DONE
    print_error(_("interrupted; what was saved before stays saved"))
    return ExitCode.INTERRUPTED


def _print_usage_error(error: click.UsageError) -> None:
    """A group without a command is answered with its help, which is a text of many lines."""
    if isinstance(error, NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return
    command = f"{error.ctx.command_path if error.ctx else PROGRAM} --help"
    print_error(_("{fact}\nsee: {command}").format(fact=usage_fact(error), command=command))


def leave_no_core() -> None:
    """From now on this process leaves no core, whatever kills it; may be called again. Children ask for their own.

    The kernel would write down everything that the process knew, and so its secrets.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    limit = NO_CORE_AT_ALL if most == resource.RLIM_INFINITY or most >= NO_CORE_AT_ALL else 0
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))


def open_closed_streams() -> None:
    """Let nothing else stand where a standard stream would: it would get what is printed, here and by children.

    Whoever starts us may have closed one (`matou runs DIR >&-`, a job of a scheduler). Git does the same as it starts.
    What is printed goes nowhere then, and nobody can be asked.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdin = sys.stdin or _opened(0, "r")
    sys.stdout = sys.stdout or _opened(1, "w")
    sys.stderr = sys.stderr or _opened(2, "w")


def _opened(descriptor: int, mode: Literal["r", "w"]) -> TextIO:
    return open(descriptor, mode, encoding="utf-8", errors="backslashreplace", closefd=False)
