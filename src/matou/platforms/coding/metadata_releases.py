"""CODING's git releases in our form, with what is attached to them."""

from collections.abc import Mapping

from matou.model.metadata import ReleaseAsset, SavedRelease
from matou.platforms.coding.metadata_values import extra_of, person_key, source_text, stable_address
from matou.platforms.coding.wire import moment
from matou.platforms.coding.wire_releases import Release, ReleaseAttachment


def release_of(release: Release) -> SavedRelease:
    """Its serial number in the project is `id`; the addresses of its files are those that stay the same."""
    held = [
        *("ReleaseId", "TagName", "Title", "Body", "CreatorId", "CreatedAt", "Pre", "CommitSha"),
        *("TargetCommitBranch", "ReleaseAttachment", "ImageDownloadUrl"),
    ]
    return SavedRelease(
        tag=release.tag_name,
        id=str(release.release_id or release.iid or release.id),
        name=release.title,
        text=source_text(release.body),
        by=person_key(release.creator_id),
        at=moment(release.created_at),
        draft=False,
        prerelease=release.pre,
        commit=release.commit_sha or None,
        target=release.target_commit_branch or None,
        assets=tuple(asset_of(attachment) for attachment in named_attachments(release)),
        extra=extra_of(release, *held),
    )


def named_attachments(release: Release) -> list[ReleaseAttachment]:
    """Where there is none, the one object that the document has comes empty."""
    return [one for one in release.release_attachment if one.attachment_name and one.attachment_download_url]


def asset_of(attachment: ReleaseAttachment) -> ReleaseAsset:
    return ReleaseAsset(
        name=attachment.attachment_name,
        size=attachment.attachment_size or None,
        url=stable_address(attachment.attachment_download_url),
    )


def asset_addresses(release: Release) -> Mapping[str, str]:
    """Where each file is for some minutes, by the address that stays the same."""
    addresses = (one.attachment_download_url for one in named_attachments(release))
    return {stable_address(address): address for address in addresses}
