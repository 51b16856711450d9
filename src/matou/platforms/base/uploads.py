"""Sends a file to where a platform says that it is to go: often a storage's address that carries its own signature."""

import secrets
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Final

from matou.credentials import Secret
from matou.errors import Damaged, Invalid
from matou.http.addresses import AddressRefused, Parameter, parse_address, with_query
from matou.http.lfs.batch import LfsAction, LfsTarget, target_of
from matou.http.lfs.uploads import UPLOAD_LIMITS
from matou.http.responses import Answer
from matou.http.session import Session
from matou.http.streams import CHUNK_BYTES
from matou.model.metadata_targets import NewFile
from matou.platforms.base.api_client import NOTHING, ApiClient

LARGEST_CONFIRMATION_BYTES: Final = 1024 * 1024


def send_file(
    session: Session,
    url: str,
    file: NewFile,
    *,
    home: str,
    method: str = "PUT",
    headers: Mapping[str, str] = NOTHING,
    authorization: Secret | None = None,
) -> Answer:
    """Send a file's bytes as the body of one request, once; give the answer.

    The credential goes to the API's own origin only. Anything else must be on the open internet, no less encrypted
    than the API, and is never told the credential; no redirect is followed.

    Args:
        session: must name the API's origin.
        url, headers: as the platform gave them.
        home: the API's address, which the user named.
        authorization: ours, at home.

    Raises:
        AddressRefused: the address or a header is none that anything is sent to.
        Damaged: the file is not as long as it was.
        MatouError: as `Session.request` does.
    """
    target = judged(url, headers, home=home, authorization=authorization)
    sent = {"Content-Type": file.type, **_once(target.headers), "Content-Length": str(file.size_bytes)}
    return _answer(session, method, target, sent, lambda: _bytes_of(file.path, file.size_bytes))


def send_in_form(
    api: ApiClient, path: str, file: NewFile, *, field: str, query: Mapping[str, Parameter] | None = None
) -> Answer:
    """Send a file to the API itself as the only field of a form, once; give the answer.

    Raises:
        Damaged: the file is not as long as it was.
        MatouError: as `ApiClient.request` does.
    """
    authorization = api.authorization(path)
    target = judged(with_query(f"{api.url}{path}", query), home=api.url, authorization=authorization)
    boundary = secrets.token_hex(16)
    name = file.name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()

    def body() -> Generator[bytes, None, None]:
        yield head
        yield from _bytes_of(file.path, file.size_bytes)
        yield tail

    length = len(head) + file.size_bytes + len(tail)
    sent = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(length)}
    with api.translated():
        return _answer(api.session, "POST", target, {"Accept": "application/json", **sent}, body)


def _answer(
    session: Session,
    method: str,
    target: LfsTarget,
    headers: Mapping[str, str],
    body: Callable[[], Generator[bytes, None, None]],
) -> Answer:
    with session.open(
        method,
        target.address.url,
        repeatable=False,
        headers=headers,
        authorization=target.authorization,
        body=body,
        redirects=0,
        limits=UPLOAD_LIMITS,
    ) as stream:
        lower = {name.lower(): value for name, value in stream.headers.items()}
        return Answer(stream.status, lower, stream.read_all(limit_bytes=LARGEST_CONFIRMATION_BYTES))


def judged(url: str, headers: Mapping[str, str] = NOTHING, *, home: str, authorization: Secret | None) -> LfsTarget:
    """What may be sent where. Raises AddressRefused."""
    try:
        return target_of(LfsAction(url, headers), own=parse_address(home).origin, authorization=authorization)
    except Invalid as fault:
        raise AddressRefused("its address may not be used: {fault}", fault=fault) from fault


def _once(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Our own name of a header that the platform gives in other letters would make two of it."""
    return {"Content-Type" if name.lower() == "content-type" else name: value for name, value in headers.items()}


def _bytes_of(path: Path, size_bytes: int) -> Generator[bytes, None, None]:
    """Never more than was announced; less of it is never sent to its end."""
    left = size_bytes
    with path.open("rb") as file:
        while left and (part := file.read(min(CHUNK_BYTES, left))):
            left -= len(part)
            yield part
    if left:
        raise Damaged("the file {path} is shorter than it was", path=path)
