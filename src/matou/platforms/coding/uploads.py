"""Brings a file to CODING in three steps: where to, there, and that it is there."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from matou.errors import UnknownShape
from matou.model.decodable import decodable
from matou.model.metadata_targets import NewFile
from matou.platforms.base.uploads import send_file
from matou.platforms.coding import wire_requests_writing as write
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.wire_writing import CreatedFileResponse, PresignedUpload, PresignedUploadResponse

_OF_ISSUES: Final = 1
_ANY_FOLDER: Final = 0
_SIGNATURE: Final = "sign"


def upload_file(api: CodingApi, project: str, file: NewFile) -> int:
    """Give the id of it. A file that was put there and not told of is none.

    Raises:
        AddressRefused: CODING names a place that nothing is sent to.
        MatouError: as all requests do.
    """
    request = write.DescribePreSignUploadUrl(
        project_name=project,
        file_name=file.name,
        content_type=file.type,
        folder_id=_ANY_FOLDER,
        folder_type=_OF_ISSUES,
    )
    place = api.call(request, PresignedUploadResponse).data
    address, headers = _signed(place)
    send_file(api.session, address, file, home=api.url, headers=headers)
    confirmation = write.CreateFile(auth_token=place.auth_token, storage_key=place.storage_key)
    return api.make(confirmation, CreatedFileResponse).data.id


def _signed(place: PresignedUpload) -> tuple[str, dict[str, str]]:
    """The signature of the address goes into a header of that storage's, as the vendor's document shows it."""
    try:
        headers = msgspec.json.decode(place.headers or "{}", type=decodable(dict[str, str]))
    except msgspec.MsgspecError:
        raise UnknownShape("coding ApiFilePreSignUploadUrlData.Headers", "…") from None
    try:
        parts = urlsplit(place.upload_link)
    except ValueError:
        raise UnknownShape("coding ApiFilePreSignUploadUrlData.UploadLink", "…") from None
    signatures = parse_qs(parts.query).get(_SIGNATURE)
    if signatures is None:
        return place.upload_link, headers
    return parts._replace(query="").geturl(), {**headers, "Authorization": signatures[0]}
