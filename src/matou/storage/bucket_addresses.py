"""Where a bucket is: `s3://bucket/prefix`, and for what is not Amazon's the address of its server."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from matou.credentials import Secret
from matou.errors import Invalid
from matou.storage.buckets import BucketStore, NoBucketLibrary

SCHEMES = frozenset({"s3", "gs", "az"})
VIRTUAL_HOSTS = (".aliyuncs.com", ".myqcloud.com", ".myhuaweicloud.com")
"""OSS takes no other style; COS and OBS recommend it."""

PATIENCE = timedelta(minutes=3)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()@=+~-][A-Za-z0-9!_.*'()@=+~ -]*(?:/[A-Za-z0-9!_.*'()@=+~ -]+)*\Z")
_KEYS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_METADATA_ENDPOINT",
    "AWS_SKIP_SIGNATURE",
)


class UnusableBucketAddress(Invalid):
    """It does not say where a bucket is."""


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """A place in a bucket.

    Attributes:
        prefix: without a slash at either end; empty for the whole bucket.
        endpoint: of the server; empty for Amazon's, Google's or Azure's own.
        is_virtual: the bucket's name is a part of the server's, and not of the path.
    """

    scheme: str
    bucket: str
    prefix: str
    endpoint: str = ""
    is_virtual: bool = False

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True, slots=True)
class BucketKeys:
    """An access key and what belongs to it, which signs each request."""

    access_key: str = field(repr=False)
    secret_key: Secret


KeyFinder = Callable[[BucketAddress], BucketKeys | None]
"""The keys that somebody has let Matou keep of a bucket, if any."""


def is_bucket_address(text: str) -> bool:
    return "://" in text


def read_bucket_address(text: str, *, endpoint: str = "", addressing: str | None = None) -> BucketAddress:
    """What a person named.

    Args:
        text: such as `s3://bucket/prefix`.
        endpoint: such as `https://oss-cn-hangzhou.aliyuncs.com`.
        addressing: `path` or `virtual`; None for what the server is known to take.

    Raises:
        UnusableBucketAddress: it never shows what came, which might hold a secret.
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    prefix = parts.path.strip("/")
    is_plain = not parts.query and not parts.fragment and "@" not in parts.netloc
    is_prefix = not prefix or (_PREFIX.match(prefix) and not {".", ".."} & set(prefix.split("/")))
    if parts.scheme not in SCHEMES or not is_plain or not _BUCKET.match(parts.netloc) or not is_prefix:
        raise UnusableBucketAddress(
            "this is no address of a bucket",
            advice="It looks like s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX. Keys do not belong"
            " into it: they are read from the environment, or kept with: matou bucket login",
        )
    host = _host(endpoint)
    is_virtual = addressing == "virtual" or (addressing is None and host.endswith(VIRTUAL_HOSTS))
    return BucketAddress(parts.scheme, parts.netloc, prefix, endpoint.rstrip("/"), is_virtual)


def _host(endpoint: str) -> str:
    """Raises UnusableBucketAddress."""
    if not endpoint:
        return ""
    try:
        parts = urlsplit(endpoint)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or parts.path.strip("/") or parts.query:
        raise UnusableBucketAddress("--endpoint is no address of a server", advice="It looks like https://HOST:PORT.")
    return host


def open_bucket(
    address: BucketAddress,
    *,
    environment: Mapping[str, str],
    authorities: Path | None,
    patience: timedelta = PATIENCE,
    keys: KeyFinder | None = None,
) -> BucketStore:
    """Nothing is asked of the bucket yet.

    Args:
        patience: how long a server that does not answer is asked again.
        environment: where the credential is looked for, before anything is asked of any server. It outranks `keys`.
        authorities: a file of certificates that the server's is to be signed by one of.

    Raises:
        NoBucketLibrary: obstore is not installed.
        UnusableBucketAddress: there is no credential.
    """
    try:
        from obstore import store as stores
    except ImportError as error:
        raise NoBucketLibrary(
            "the library for buckets is not installed", advice="install it with: pip install 'matou[s3]'"
        ) from error
    client: dict[str, Any] = {"allow_http": address.endpoint.startswith("http://"), "user_agent": "matou"}
    if authorities is not None:
        client["root_certificate"] = authorities.read_bytes()
    options: dict[str, Any] = {
        "prefix": address.prefix or None,
        "client_options": client,
        "retry_config": {"retry_timeout": patience},
    }
    if address.scheme == "gs":
        return BucketStore(stores.GCSStore(address.bucket, **options), name=str(address))
    if address.scheme == "az":
        return BucketStore(stores.AzureStore(address.bucket, **options), name=str(address))
    kept = {} if any(environment.get(name) for name in _KEYS) else _kept_keys(address, keys)
    store = stores.S3Store(address.bucket, **options, **_of_server(address), **kept)
    return BucketStore(store, name=str(address))


def _kept_keys(address: BucketAddress, keys: KeyFinder | None) -> dict[str, Any]:
    """As obstore takes them. Raises UnusableBucketAddress."""
    found = None if keys is None else keys(address)
    if found is None:
        raise UnusableBucketAddress(
            "there is no access key for {address}",
            address=str(address),
            advice="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment,"
            " or keep them with: matou bucket login",
        )
    return {"access_key_id": found.access_key, "secret_access_key": found.secret_key.reveal()}


def _of_server(address: BucketAddress) -> dict[str, Any]:
    # Many servers know no deletion of several at once: OSS, for one.
    options: dict[str, Any] = {"disable_bulk_delete": True}
    if not address.endpoint:
        return options
    scheme, _, host = address.endpoint.partition("://")
    endpoint = f"{scheme}://{address.bucket}.{host}" if address.is_virtual else address.endpoint
    return {**options, "endpoint": endpoint, "virtual_hosted_style_request": address.is_virtual}
