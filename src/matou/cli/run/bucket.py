"""Access keys of buckets are checked and kept, or forgotten."""

import sys

from matou.cli.bucket_secrets import BucketSecrets, bucket_keys
from matou.cli.login import WHERE
from matou.cli.ui.output import say
from matou.cli.ui.prompts import prompt_secret
from matou.credentials import Secret
from matou.errors import Invalid
from matou.i18n import gettext as _
from matou.settings import Settings
from matou.storage.bucket_addresses import BucketKeys, open_bucket, read_bucket_address

LONGEST_LINE = 2048
UNUSED_PREFIX = "matou-bucket-login"
"""Listed to see what keys are good for: nothing is there, however much the bucket holds, and under whatever names."""


def log_in(bucket: str, endpoint: str, addressing: str | None, keys_stdin: bool) -> None:
    settings, address = Settings.of_process(), read_bucket_address(bucket, endpoint=endpoint, addressing=addressing)
    if address.scheme != "s3":
        raise Invalid("keys are kept of s3:// alone; gs:// and az:// have those of their own tools")
    keys = _keys_of_stdin() if keys_stdin else _prompted_keys()
    # Those of the environment would hide whether these are good.
    store = open_bucket(address, environment={}, authorities=settings.authorities, keys=lambda _: keys)
    next(iter(store.sizes(UNUSED_PREFIX)), None)
    place = BucketSecrets(settings).keep(address, keys)
    say(_("the keys of {bucket} open it, and are kept: {where}").format(bucket=address, where=WHERE[place]))


def log_out(bucket: str, endpoint: str) -> None:
    address = read_bucket_address(bucket, endpoint=endpoint)
    BucketSecrets(Settings.of_process()).forget(address)
    say(_("the keys of {bucket} are kept no longer").format(bucket=address))


def _keys_of_stdin() -> BucketKeys:
    access_key, secret_key = (sys.stdin.readline(LONGEST_LINE).strip() for _line in range(2))
    return bucket_keys(access_key, Secret(secret_key))


def _prompted_keys() -> BucketKeys:
    access_key = prompt_secret(_("Access key"))
    return bucket_keys(access_key.reveal().strip(), prompt_secret(_("Secret key")))
