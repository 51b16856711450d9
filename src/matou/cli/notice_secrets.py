"""Secrets of those who are told: from the environment, or where `matou notify login` keeps them."""

import re

from matou.cli.kept_secrets import KeptSecrets
from matou.credentials import Secret
from matou.credentials.store import SecretKind, SecretName, StoreKind
from matou.settings import Settings
from matou.transfer.notices.recipient import SecretPart


class NoticeSecrets:
    """Of one person."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept = KeptSecrets(settings)

    def find(self, name: str, part: SecretPart) -> Secret | None:
        given = self._settings.environment.get(variable_of_secret(name, part), "").strip()
        return Secret(given) if given else self._kept.find(_secret_name(name, part))

    def keep(self, name: str, part: SecretPart, secret: Secret) -> StoreKind:
        """In place of what was kept; gives where it lies now."""
        return self._kept.keep(_secret_name(name, part), secret)

    def forget(self, name: str) -> None:
        self._kept.forget(*(_secret_name(name, part) for part in SecretPart))


def variable_of_secret(name: str, part: SecretPart) -> str:
    """`MATOU_NOTIFY_OPS_ADDRESS`, `MATOU_NOTIFY_OPS_KEY`."""
    return f"MATOU_NOTIFY_{re.sub('[^A-Za-z0-9]', '_', name).upper()}_{part.value.upper()}"


def _secret_name(name: str, part: SecretPart) -> SecretName:
    return SecretName(f"notify:{name}", part.value, SecretKind.TOKEN)
