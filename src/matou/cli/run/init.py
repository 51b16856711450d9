"""`matou init`: from a web address to the first backup, step by step; nothing that is there is overwritten."""

import sys
from pathlib import Path

from click.exceptions import Exit

from matou.cli.backup import back_up_configured
from matou.cli.config import CONFIGURATION, token_from_stdin
from matou.cli.credential_manager import PASSPHRASE, CredentialManager
from matou.cli.exit_codes import ExitCode
from matou.cli.hosts import Host
from matou.cli.login import log_in_with_token
from matou.cli.login_check import token_page_at
from matou.cli.run.discovery import discover
from matou.cli.run.first_configuration import (
    NIGHTLY,
    configuration_text,
    patterns_of_page,
    require_none,
    write_configuration,
)
from matou.cli.run.timers import Timer, timer_of_machine
from matou.cli.ui.output import print_error, say
from matou.cli.ui.prompts import agrees, is_interactive, prompt_line, prompt_secret
from matou.credentials import Secret
from matou.credentials.store import SecretKind, StoreKind
from matou.errors import Invalid, MatouError
from matou.i18n import format_error, printable
from matou.i18n import gettext as _
from matou.platforms.registry import platform_named, title_of
from matou.settings import Settings

USUAL_ARCHIVE = "~/matou-archive"


def initialize(
    address: str | None,
    directory: Path | None,
    platform: str | None,
    token_stdin: bool,
    timer: bool,
    yes: bool,
    config: Path | None,
) -> None:
    settings, configuration = Settings.of_process(), (config or Path(CONFIGURATION)).expanduser().absolute()
    require_none(configuration)
    address = address or _line(_("Web address, such as https://TEAM.coding.net"))
    at = discover(address, platform, settings)
    patterns = patterns_of_page(address, at)
    say(_("{address} is {platform}; its API is at {url}").format(
        address=at.git_origin, platform=title_of(at.platform), url=at.url
    ))  # fmt: skip
    manager = CredentialManager(settings)
    log_in_with_token(manager, at, _token(at, from_stdin=token_stdin))
    to = (directory or Path(_line(_("Folder for the archive"), usual=USUAL_ARCHIVE))).expanduser().absolute()
    write_configuration(configuration, configuration_text(at.platform, at.url, to, patterns))
    say(_("{path} is written").format(path=printable(str(configuration))))
    if patterns:
        say(_("it has {patterns} alone; without the line `include` all that the token sees").format(
            patterns=", ".join(map(printable, patterns))
        ))  # fmt: skip
    _offer_timer(timer_of_machine(configuration, settings), is_wanted=timer)
    if any(login.places.get(SecretKind.TOKEN) is StoreKind.FILE for login in manager.logins.all()):
        say(_("the token lies under a passphrase: a backup every night needs {variable} in its environment").format(
            variable=PASSPHRASE
        ))  # fmt: skip
    command = _command(configuration)
    if not (yes or _agrees(_("Make the first backup now?"))):
        say(_("make it later with: {command}").format(command=command))
        return
    code = back_up_configured(configuration, settings)
    say(_("from now on: {command}").format(command=command))
    if code is not ExitCode.DONE:
        raise Exit(code)


def _line(label: str, *, usual: str = "") -> str:
    """Raises Invalid where nobody can be asked, or nothing was said."""
    if not is_interactive():
        raise Invalid(
            "nobody can be asked here",
            advice="say it all: matou init ADDRESS DIR --token-stdin --yes",
        )
    said = prompt_line(label, usual=usual)
    if not said:
        raise Invalid("nothing was given")
    return said


def _agrees(question: str) -> bool:
    return is_interactive() and agrees(question)


def _token(at: Host, *, from_stdin: bool) -> Secret:
    if from_stdin:
        return token_from_stdin(sys.stdin)
    if not is_interactive():
        raise Invalid("nobody can be asked here", advice="give the token with --token-stdin")
    page, known = token_page_at(at.platform, at.url), platform_named(at.platform).token_page
    if page:
        say(_("make a token at {page}").format(page=page))
    if known is not None and known.scopes:
        say(_("it needs: {scopes}").format(scopes=", ".join(known.scopes)))
    return prompt_secret(_("Token"))


def _offer_timer(timer: Timer, *, is_wanted: bool) -> None:
    """What cannot be installed is told: the source is there all the same."""
    if timer.is_for_cron:
        say(_("for a backup every night, add this line with crontab -e:"))
        say(f"    {printable(timer.line)}")
        return
    if not (is_wanted or _agrees(_("Back up every night at {time}?").format(time=NIGHTLY))):
        return
    try:
        timer.install()
    except MatouError as error:
        print_error(format_error(error))
        return
    for path in timer.files:
        say(_("{path} is written").format(path=printable(str(path))))
    say(_("it counts from your next log-in on; at once with: {command}").format(command=printable(timer.line)))


def _command(configuration: Path) -> str:
    is_usual = configuration == Path(CONFIGURATION).absolute()
    return "matou backup" if is_usual else f"matou backup --config {printable(str(configuration))}"
