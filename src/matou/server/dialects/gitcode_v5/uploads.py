"""23 and 24: files that people attach to a repository."""

import base64
import binascii
import re

from matou.db.uploads import Upload as StoredUpload
from matou.forge.access import MaySee, MayUpload
from matou.forge.content.uploads import LARGEST_UPLOAD_BYTES, path_of, receive_upload
from matou.platforms.gitcode import wire
from matou.server.api.body import FormFile
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Parameters
from matou.server.api.route import repository_route
from matou.settings import MEBIBYTE

_DATA_URL = re.compile(r"\A\s*data:[^,]{0,200},")
_ONE_ALPHABET = str.maketrans("-_ ", "+/+")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
_LARGEST_BASE64_BYTES = LARGEST_UPLOAD_BYTES * 4 // 3

_CHOICES = (
    "20 MiB; the type is told by the bytes alone: pictures, text of any kind, PDF, office documents, archives, sound"
    " and film are taken; only pictures are shown in place, all else is handed out as a download; the URL answers"
    " those who may read the repository's code"
)


class UploadImageParams(Parameters, frozen=True, kw_only=True):
    """`body` is base64, with or without the beginning of a data URL."""

    body: str = ""
    file_name: str


class UploadFileParams(Parameters, frozen=True, kw_only=True):
    file: FormFile


def upload_image(context: RepositoryContext[MayUpload], params: UploadImageParams) -> wire.UploadedFile:
    stored = receive_upload(context.forge, context.granted, params.file_name, decode_leniently(params.body))
    return _uploaded(context, stored)


def upload_file(context: RepositoryContext[MayUpload], params: UploadFileParams) -> wire.UploadedFile:
    stored = receive_upload(context.forge, context.granted, params.file.name, params.file.content)
    return _uploaded(context, stored)


def decode_leniently(text: str) -> bytes:
    """Base64 of either alphabet, with line breaks, without padding, or cut off: what it has of a last byte counts.

    The document's own example sends `1`, which is six bits.
    """
    try:
        # Nearly all of it is well formed, and 27 MiB are not copied four times.
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return _decode_what_there_is(text)


def _decode_what_there_is(text: str) -> bytes:
    # A plus sign in a form is a space.
    plain = _DATA_URL.sub("", text).translate(_ONE_ALPHABET)
    letters = _NOT_BASE64.sub("", plain)
    if len(letters) % 4 == 1:
        letters += "A"
    return base64.b64decode(letters + "=" * (-len(letters) % 4))


def _uploaded(context: RepositoryContext[MaySee], stored: StoredUpload) -> wire.UploadedFile:
    path = path_of(stored)
    return wire.UploadedFile(path=path, full_path=context.links.page(context.repository.path, "attachment", path))


ROUTES = (
    repository_route(
        "POST",
        "/repos/{owner}/{repo}/img/upload",
        MayUpload,
        UploadImageParams,
        upload_image,
        section=23,
        answer=wire.UploadedFile,
        choices=f"any file, not only a picture; {_CHOICES}",
        largest_body_bytes=_LARGEST_BASE64_BYTES + MEBIBYTE,
    ),
    repository_route(
        "POST",
        "/repos/{owner}/{repo}/file/upload",
        MayUpload,
        UploadFileParams,
        upload_file,
        section=24,
        answer=wire.UploadedFile,
        choices=_CHOICES,
        largest_body_bytes=LARGEST_UPLOAD_BYTES + MEBIBYTE,
    ),
)
