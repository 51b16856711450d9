"""What tests of the one HTTP session have in common."""

from matou.credentials import Secret
from matou.http.responses import (
    Answer,
)
from matou.http.session import Session
from support.fault_proxy import FaultProxy
from support.recording_server import RecordingServer, Reply

TOKEN = "f00dfacecafe0123456789abcdef0123456789ab"
AUTHORIZATION = Secret(f"token {TOKEN}")
OK = Reply(body=b"ok")


def get(
    session: Session, server: RecordingServer | FaultProxy, path: str = "/", *, limit_bytes: int = 20_000_000
) -> Answer:
    return session.request("GET", server.url + path, repeatable=True, limit_bytes=limit_bytes)
