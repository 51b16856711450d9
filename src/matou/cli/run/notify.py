"""Tells people, tests whether they can be told, and keeps the secrets for it."""

import sys
from collections.abc import Sequence
from pathlib import Path

from click.exceptions import Exit

from matou.archive.layout import NotAnArchive
from matou.cli.config import CONFIGURATION, token_from_stdin
from matou.cli.configured_sources import name_of_source
from matou.cli.exit_codes import ExitCode
from matou.cli.login import WHERE
from matou.cli.notice_secrets import NoticeSecrets, variable_of_secret
from matou.cli.notify_config import NotifyTables, read_notify_tables, recipients_of
from matou.cli.ui.output import print_error, print_json, print_table, say
from matou.cli.ui.prompts import is_interactive, prompt_secret
from matou.credentials import Secret
from matou.errors import Invalid, MatouError, NotFound
from matou.http.addresses import UnsafeAddress, parse_address
from matou.i18n import format_error, labelled, speaking
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.transfer.notices.messages import ping
from matou.transfer.notices.notice import test_notice
from matou.transfer.notices.recipient import SECRETS_OF, NoticeKind, Recipient, SecretPart
from matou.transfer.notices.sender import NoticeSender
from matou.transfer.notices.telling import SavedSources, Telling
from matou.wiring import now, open_archive

PROMPTS = {SecretPart.ADDRESS: _("Address of {name}"), SecretPart.KEY: _("Key or password of {name} (empty for none)")}


def telling_of(path: Path, settings: Settings) -> Telling:
    """Raises NotFound, Invalid."""
    tables = read_notify_tables(path)
    recipients = recipients_of(tables, settings, NoticeSecrets(settings).find)
    expected = tuple(name_of_source(table) for table in tables.source)
    return Telling(recipients, lambda: _archives(tables), expected, NoticeSender(settings, now), now, _report)


def _archives(tables: NotifyTables) -> Sequence[SavedSources]:
    """Those that are there."""
    names: dict[Path, list[str]] = {}
    for table in tables.source:
        names.setdefault(Path(table.to).expanduser().absolute(), []).append(name_of_source(table))
    found = []
    for folder, sources in names.items():
        try:
            found.append(SavedSources(open_archive(folder), tuple(sources)))
        except NotAnArchive:
            continue
    return found


def _report(error: MatouError) -> None:
    print_error(format_error(error))


def list_recipients(config: Path | None, as_json: bool) -> None:
    settings = Settings.of_process()
    tables = read_notify_tables(config or Path(CONFIGURATION))
    rows = recipients_of(tables, settings, NoticeSecrets(settings).find)
    if as_json:
        print_json([_values(one) for one in rows])
        return
    print_table([(one.name, one.kind, ", ".join(sorted(one.events)), ", ".join(one.sources)) for one in rows])


def _values(recipient: Recipient) -> dict[str, object]:
    return {
        "name": recipient.name,
        "kind": recipient.kind,
        "on": sorted(recipient.events),
        "sources": list(recipient.sources),
        "max_age_seconds": recipient.max_age and round(recipient.max_age.total_seconds()),
        "language": recipient.language,
        "variables": [variable_of_secret(recipient.name, part) for part in SECRETS_OF[recipient.kind]],
    }


def send_test(names: tuple[str, ...], config: Path | None) -> None:
    telling = telling_of(config or Path(CONFIGURATION), Settings.of_process())
    known = {one.name: one for one in telling.recipients}
    chosen = [_named(name, known) for name in names] if names else list(known.values())
    if not chosen:
        raise Invalid("{path} lists nobody who is told", path=config or CONFIGURATION, advice="add a [[notify]] to it")
    results = [_test(telling.sender, one) for one in chosen]
    if not all(results):
        raise Exit(ExitCode.NOT_ALL_SAVED)


def _named(name: str, known: dict[str, Recipient]) -> Recipient:
    if name not in known:
        raise NotFound("there is no [[notify]] {name}", name=repr(name))
    return known[name]


def _test(sender: NoticeSender, recipient: Recipient) -> bool:
    try:
        with speaking(recipient.language):
            notice = test_notice(recipient.name, now())
        if recipient.kind is NoticeKind.HEALTHCHECKS:
            sender.post(recipient, ping(recipient, "/log", notice.text, ""))
        else:
            sender.send(recipient, notice)
    except MatouError as error:
        print_error(labelled(recipient.name, format_error(error)))
        return False
    say(_("{name} was told").format(name=recipient.name))
    return True


def check(config: Path | None) -> None:
    if telling_of(config or Path(CONFIGURATION), Settings.of_process()).tell():
        raise Exit(ExitCode.NOT_ALL_SAVED)


def keep_secrets(name: str, secret_stdin: bool, config: Path | None) -> None:
    settings = Settings.of_process()
    secrets = NoticeSecrets(settings)
    recipients = recipients_of(read_notify_tables(config or Path(CONFIGURATION)), settings, secrets.find)
    recipient = _named(name, {one.name: one for one in recipients})
    given = {part: _given(name, part, from_stdin=secret_stdin) for part in SECRETS_OF[recipient.kind]}
    _require_address(given)
    for part, secret in given.items():
        if secret:
            kind = secrets.keep(name, part, secret)
            say(_("the secret of {name} is kept in {place}").format(name=name, place=WHERE[kind]))


def _given(name: str, part: SecretPart, *, from_stdin: bool) -> Secret:
    if from_stdin:
        return token_from_stdin(sys.stdin)
    if not is_interactive():
        raise Invalid("nobody can be asked here", advice="use --secret-stdin")
    return prompt_secret(PROMPTS[part].format(name=name))


def _require_address(given: dict[SecretPart, Secret]) -> None:
    """Raises Invalid, which does not quote it."""
    if not any(given.values()):
        raise Invalid("nothing was given")
    if SecretPart.ADDRESS in given:
        try:
            parse_address(given[SecretPart.ADDRESS].reveal())
        except UnsafeAddress:
            raise Invalid("its address cannot be used") from None


def forget_secrets(name: str) -> None:
    NoticeSecrets(Settings.of_process()).forget(name)
    say(_("the secrets of {name} are forgotten").format(name=name))
