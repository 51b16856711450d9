"""The pictures that namespaces have."""

from matou.http.session import Session
from matou.model.platform import RemoteNamespace

LARGEST_PICTURE_BYTES = 10 * 1024 * 1024


def picture_of(namespace: RemoteNamespace, session: Session) -> bytes | None:
    """None where the platform names none. Raises MatouError where it cannot be had."""
    if namespace.icon_url is None:
        return None
    # Pictures lie on hosts of all kinds and are public: no token goes with the request.
    return session.request("GET", namespace.icon_url, repeatable=True, limit_bytes=LARGEST_PICTURE_BYTES).body
