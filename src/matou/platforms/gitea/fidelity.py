"""What Gitea's and Forgejo's importers keep: of what they pull from a GitHub, which a Matou is to them; of a dump.

Tried with Gitea 1.22 and read in `services/migrations/gitea_uploader.go`: tests/peers/test_gitea_pulls.py.
"""

from typing import Final

from matou.errors import Phrase
from matou.model.fidelity import CODE_ALONE, WHOLE, CarriedForm, Fidelity, FidelityTable, KeptTrait, MigratedKind

_ORIGINAL_AUTHOR: Final = Phrase("authors as names without an account, unless they sign in by the same service")

_SPOKEN: Final = Fidelity(form=CarriedForm.ITSELF, keeps=frozenset(KeptTrait), note=_ORIGINAL_AUTHOR)

BY_PULL: Final[FidelityTable] = {
    **CODE_ALONE,
    MigratedKind.LFS: Fidelity(form=CarriedForm.ITSELF, note=Phrase("where the server keeps LFS objects")),
    MigratedKind.WIKI: Fidelity(
        form=CarriedForm.ITSELF, note=Phrase("older servers take those whose branch is called master")
    ),
    MigratedKind.ISSUE: Fidelity(
        form=CarriedForm.ITSELF,
        keeps=frozenset(KeptTrait),
        note=Phrase("authors as names without an account; types, statuses, priorities and own fields above the text"),
    ),
    MigratedKind.PROJECT_ISSUE: Fidelity(
        form=CarriedForm.ITSELF,
        keeps=frozenset(KeptTrait),
        note=Phrase(
            "in a repository without code, PROJECT-issues; types, statuses, priorities and own fields above the text"
        ),
    ),
    MigratedKind.COMMENT: _SPOKEN,
    MigratedKind.OPEN_CHANGE: _SPOKEN,
    MigratedKind.CLOSED_CHANGE: Fidelity(
        form=CarriedForm.ITSELF, keeps=frozenset(KeptTrait), note=Phrase("merged by the account that imports")
    ),
    MigratedKind.REVIEW: _SPOKEN,
    MigratedKind.LINE_COMMENT: Fidelity(
        form=CarriedForm.ITSELF,
        keeps=frozenset(KeptTrait),
        note=Phrase("authors as names without an account; marks of what is resolved stay in the archive"),
    ),
    MigratedKind.LABEL: WHOLE,
    MigratedKind.MILESTONE: WHOLE,
    MigratedKind.RELEASE: _SPOKEN,
    MigratedKind.ASSET: WHOLE,
    MigratedKind.ASSIGNEE: Fidelity(
        form=CarriedForm.ITSELF, note=Phrase("those whom --people names; the text names all of them")
    ),
    MigratedKind.ATTACHMENT: Fidelity(
        form=CarriedForm.LISTED, note=Phrase("texts name the addresses that they named at the source")
    ),
}

BY_ARCHIVE: Final[FidelityTable] = {
    **BY_PULL,
    MigratedKind.ISSUE: _SPOKEN,
    MigratedKind.LFS: Fidelity(form=CarriedForm.LISTED, note=Phrase("a dump has no room for them")),
    MigratedKind.WIKI: WHOLE,
    MigratedKind.PROJECT_WIKI: WHOLE,
    MigratedKind.PROJECT_ISSUE: Fidelity(
        form=CarriedForm.ITSELF, keeps=frozenset(KeptTrait), note=Phrase("in a repository without code")
    ),
    MigratedKind.RELEASE_DRAFT: _SPOKEN,
    MigratedKind.ATTACHMENT: Fidelity(
        form=CarriedForm.TEXT, note=Phrase("the files lie beside the dump, and the text names them")
    ),
    MigratedKind.ASSIGNEE: Fidelity(form=CarriedForm.TEXT),
    MigratedKind.REACTION: Fidelity(
        form=CarriedForm.ITSELF, note=Phrase("those of people whom the source counts, of the eight that Gitea knows")
    ),
}
"""By `gitea restore-repo`; tried with Gitea 1.22 and read in `modules/migration`."""
