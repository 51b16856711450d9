"""What tests of GitCode's client have in common: names, samples, and how a request is told."""

import json
from collections.abc import Callable
from pathlib import Path
from types import GeneratorType
from typing import Any
from urllib.parse import unquote

from matou import GitCode
from matou.platforms.gitcode.wire import as_received
from support.recording_server import SeenRequest

DATA = Path(__file__).parents[1] / "data" / "gitcode"
TOKEN = "s3cr3tGitCodeT0ken0123456789"
R = "docks/ship"
COMMIT = "668cb104692b30d537b07f3721df9956d073d343"

Call = Callable[[GitCode], Any]


def sample(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def requests_seen(request: SeenRequest) -> str:
    return f"{request.method} {unquote(request.target.replace('+', ' ')).removeprefix('/api/v5')}"


def given(result: Any) -> Any:
    return as_received(list(result) if isinstance(result, GeneratorType) else result)
