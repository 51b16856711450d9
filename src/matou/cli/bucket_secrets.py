"""The access keys of buckets, where `matou bucket login` keeps them."""

import re
from typing import TYPE_CHECKING, Final

from matou.credentials import Secret
from matou.credentials.store import SecretKind, SecretName, StoreKind
from matou.errors import Invalid
from matou.settings import Settings
from matou.storage.bucket_addresses import BucketAddress, BucketKeys

if TYPE_CHECKING:
    from matou.cli.kept_secrets import KeptSecrets

_PRINTABLE: Final = re.compile(r"[!-~]{1,1024}\Z")


class BucketSecrets:
    """Of one person: keys of a bucket, whatever is asked for below it. Each is looked for once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._found: dict[SecretName, BucketKeys | None] = {}

    def find(self, address: BucketAddress) -> BucketKeys | None:
        name = _secret_name(address)
        if name not in self._found:
            kept = self._kept().find(name)
            self._found[name] = None if kept is None else _keys_in(kept)
        return self._found[name]

    def keep(self, address: BucketAddress, keys: BucketKeys) -> StoreKind:
        """In place of what was kept; gives where they lie now."""
        self._found.clear()
        return self._kept().keep(_secret_name(address), Secret(f"{keys.access_key}:{keys.secret_key.reveal()}"))

    def forget(self, address: BucketAddress) -> None:
        self._found.clear()
        self._kept().forget(_secret_name(address))

    def _kept(self) -> "KeptSecrets":
        # Loaded once a bucket is asked for: commands that read a folder begin without it.
        from matou.cli.kept_secrets import KeptSecrets

        return KeptSecrets(self._settings)


def bucket_keys(access_key: str, secret_key: Secret) -> BucketKeys:
    """What somebody typed. Raises Invalid."""
    if not _PRINTABLE.match(access_key) or ":" in access_key or not _PRINTABLE.match(secret_key.reveal()):
        raise Invalid("this is no access key and no secret key: each is one line without spaces")
    return BucketKeys(access_key, secret_key)


def _keys_in(kept: Secret) -> BucketKeys:
    access_key, _, secret_key = kept.reveal().partition(":")
    return BucketKeys(access_key, Secret(secret_key))


def _secret_name(address: BucketAddress) -> SecretName:
    """A key is for a bucket at a server: whoever names another server is not given it."""
    server = address.endpoint.lower() or f"{address.scheme}:"
    return SecretName(f"bucket:{server}/{address.bucket}", "access key", SecretKind.TOKEN)
