"""An LFS server that a test scripts, and what takes the objects."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from matou.credentials import GitCredential, Secret
from matou.http.lfs.client import LfsContent
from support.recording_server import RecordingServer, Reply, SeenRequest, json_reply

TOKEN = "f00dfacecafe0123456789abcdef0123456789ab"
CREDENTIAL = GitCredential("coding", Secret(TOKEN))
TYPE = {"Content-Type": "application/vnd.git-lfs+json"}


def oid_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Store:
    """A sink that keeps what comes whole."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, oid: str, size: int, stream: LfsContent) -> None:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            content = b"".join(iter(lambda: stream.read(1000), b""))
        finally:
            with self._lock:
                self._now -= 1
        self.objects[oid] = content


@dataclass
class LfsServer:
    """Batch and download. `amend` may change what the batch says of an object; `most` is what a batch may hold."""

    server: RecordingServer
    objects: dict[str, bytes]
    amend: Callable[[str, dict[str, object]], dict[str, object]] = lambda oid, described: described
    ranges: bool = True
    most: int = 1000
    downloads: list[SeenRequest] = field(default_factory=list)
    batches: list[SeenRequest] = field(default_factory=list)

    def answer(self, request: SeenRequest) -> Reply:
        if request.method == "POST":
            self.batches.append(request)
            return self._batch(request)
        self.downloads.append(request)
        content = self.objects[request.path.rpartition("/")[2]]
        first = int(request.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        if self.ranges and first:
            described = {"Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"}
            return Reply(206, content[first:], described)
        return Reply(200, content)

    def _batch(self, request: SeenRequest) -> Reply:
        requests_seen = request.json()
        assert isinstance(requests_seen, dict)
        if len(requests_seen["objects"]) > self.most:
            return Reply(413)
        described = [self.amend(wanted["oid"], self._describe(wanted)) for wanted in requests_seen["objects"]]
        return json_reply({"transfer": "basic", "objects": described, "hash_algo": "sha256"}, headers=TYPE)

    def _describe(self, wanted: Mapping[str, object]) -> dict[str, object]:
        oid = str(wanted["oid"])
        if oid not in self.objects:
            return {**wanted, "error": {"code": 404, "message": "Object does not exist"}}
        return {**wanted, "actions": {"download": {"href": f"{self.server.url}/objects/{oid}"}}}

    def add(self, content: bytes) -> tuple[str, int]:
        self.objects[oid_of(content)] = content
        return oid_of(content), len(content)


def with_action(**action: object) -> Callable[[str, dict[str, object]], dict[str, object]]:
    """Change the download action; what is given as None is left out."""

    def amend(oid: str, described: dict[str, object]) -> dict[str, object]:
        actions = described["actions"]
        assert isinstance(actions, dict)
        return {**described, "actions": {"download": {**actions["download"], **action}}}

    return amend
