"""The program's entry: its commands, and what becomes of an error. A command is one file and one line below."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Annotated

import typer

from matou import __version__
from matou.cli import (
    auth,
    backup,
    check,
    doctor,
    key,
    login,
    member,
    migrate,
    org,
    repo,
    restore,
    role,
    runs,
    serve,
    show,
    status,
    token,
    user,
    verify,
)
from matou.cli.completion import be_ready_to_complete, completion
from matou.cli.exit_codes import ExitCode, exit_code_for
from matou.cli.help import Command, Group, is_help, mistake, show_help, use_language
from matou.cli.standard_streams import open_closed_streams
from matou.cli.system_errors import error_of_system
from matou.cli.ui.verbosity import print_error, say
from matou.credentials.coredump import leave_no_core
from matou.errors import MatouError
from matou.i18n import format_error
from matou.i18n import gettext as _

app = typer.Typer(
    name="matou",
    cls=Group,
    help=_("Get a team's code out of a platform, keep it alive, and move it on."),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("backup", cls=Command, help=_("Save everything that a token can see into an archive."))(backup.backup)
app.command("verify", cls=Command, help=_("Prove that an archive is whole, and name what is not."))(verify.verify)
app.command("runs", cls=Command, help=_("List the runs of an archive."))(runs.list_runs)
app.command("status", cls=Command, help=_("Say how old the backups are, what is not done, and what to do next."))(
    status.status
)
app.command("show", cls=Command, help=_("List what an archive holds, as of any run."))(show.show)
app.command("restore", cls=Command, help=_("Make plain repositories from an archive; needs no network."))(
    restore.restore
)
app.command(
    "migrate", cls=Command, help=_("Move the repositories of an archive to a platform, and prove that they are there.")
)(migrate.migrate)
app.command("serve", cls=Command, help=_("Make an archive a git server."))(serve.serve)
app.command("login", cls=Command, help=_("Check a token or password at its platform, and keep it."))(login.login)
app.command("logout", cls=Command, help=_("Forget what is kept for a host."))(login.logout)
app.add_typer(auth.authentication, name="auth")
app.add_typer(user.users, name="user")
app.add_typer(token.tokens, name="token")
org.organizations.add_typer(member.members, name="member")
app.add_typer(org.organizations, name="org")
app.add_typer(repo.repositories, name="repo")
app.add_typer(role.roles, name="role")
app.add_typer(key.keys, name="key")
app.command("reindex", cls=Command, help=_("Make the database's index of what was backed up anew."))(check.reindex)
app.command("check", cls=Command, help=_("Say where the database and the folders do not agree."))(check.check)
app.command("doctor", cls=Command, help=_("Say whether this machine is ready."))(doctor.doctor)
app.command("completion", cls=Command, help=_("Print what makes a shell complete Matou's commands and options."))(
    completion
)
app.command("help", cls=Command, help=_("Show what a command does and its options."))(show_help)


def _say_version(*, value: bool) -> None:
    if value:
        typer.echo(f"matou {__version__}")
        raise typer.Exit(ExitCode.DONE)


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, expose_value=False, callback=_say_version, help=_("say the version and exit")
        ),
    ] = False,
) -> None:
    """What stands before the command's name."""


def main() -> None:
    """Run the command line of this process and end with one of `ExitCode`."""
    leave_no_core()  # before anything secret is read: a command is given secrets in many ways
    open_closed_streams()
    signal.signal(signal.SIGTERM, _interrupt)
    use_language()
    be_ready_to_complete()
    sys.exit(_run())


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run() -> int:
    try:
        code = app(standalone_mode=False)
        _flush()
    except MatouError as error:
        return _told(error)
    except typer.TyperException as error:
        _complain_of_usage(error)
        return ExitCode.USAGE
    except (KeyboardInterrupt, typer.Abort):
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        _discard_output()  # whoever read us has gone
        return ExitCode.OUR_FAULT
    except OSError as error:
        with suppress(OSError):
            _flush()
        return _told(error_of_system(error))
    if code == ExitCode.INTERRUPTED:  # Typer, too, makes this code of an interrupt, without a word
        return _interrupted()
    return code if isinstance(code, int) else ExitCode.DONE


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


def _told(error: MatouError) -> int:
    print_error(format_error(error))
    return exit_code_for(error)


def _interrupted() -> ExitCode:
    """A server is ended by a signal as a rule, and may be from its first moment on; anything else was cut off."""
    if next((word for word in sys.argv[1:] if not word.startswith("-")), "") == "serve":
        say(serve.STOPPED)
        return ExitCode.DONE
    print_error(_("interrupted; what was saved before stays saved"))
    return ExitCode.INTERRUPTED


def _complain_of_usage(error: typer.TyperException) -> None:
    """A command without arguments that it needs is answered with its help, which is a text of many lines."""
    text = error.format_message()
    if is_help(text):
        typer.echo(text, err=True)
    else:
        context = getattr(error, "ctx", None)
        command = f"{context.command_path if context else 'matou'} --help"
        print_error(_("{fact}; {command}").format(fact=mistake(text), command=command))
