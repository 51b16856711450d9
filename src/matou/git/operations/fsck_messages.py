"""What `git fsck` may find wrong with an object that is kept all the same, by git's own names (git-fsck(1))."""

from typing import Final

HARMLESS: Final = (
    "badDate", "badDateOverflow", "badEmail", "badName", "badTimezone", "duplicateEntries", "missingEmail",
    "missingNameBeforeEmail", "missingSpaceBeforeDate", "missingSpaceBeforeEmail", "multipleAuthors", "treeNotSorted",
    "zeroPaddedDate", "zeroPaddedFilemode",
)  # fmt: skip
"""What tools of long ago wrote, and every git reads: real histories have it, and it attacks nobody."""

OLD_TOOLS: Final = ("badTimezone", "missingSpaceBeforeDate", "zeroPaddedFilemode")
"""What a strict server lets in too, as GitHub and GitLab do."""

TOLERATED: Final = (
    "badDate", "badDateOverflow", "badEmail", "badName", "badObjectSha1", "badParentSha1", "badTimezone", "badTree",
    "badTreeSha1", "badType", "duplicateEntries", "emptyName", "fullPathname", "gitattributesBlob",
    "gitattributesLarge", "gitattributesLineLength", "gitattributesMissing", "gitmodulesBlob", "gitmodulesLarge",
    "gitmodulesMissing", "gitmodulesName", "gitmodulesPath", "gitmodulesSymlink", "gitmodulesUpdate", "gitmodulesUrl",
    "hasDot", "hasDotdot", "hasDotgit", "missingAuthor", "missingCommitter", "missingEmail", "missingNameBeforeEmail",
    "missingObject", "missingSpaceBeforeDate", "missingSpaceBeforeEmail", "missingTag", "missingTagEntry",
    "missingTree", "missingType", "missingTypeEntry", "multipleAuthors", "nulInCommit", "nullSha1", "treeNotSorted",
    "unknownType", "zeroPaddedDate", "zeroPaddedFilemode",
)  # fmt: skip
"""All that git 2.39 can be told to only warn of. Real histories have them: a backup keeps what the source has."""
