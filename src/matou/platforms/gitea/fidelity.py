"""What Gitea's and Forgejo's importer keeps of what it pulls from a GitHub, which a Matou is to it.

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
    MigratedKind.ISSUE: _SPOKEN,
    MigratedKind.COMMENT: _SPOKEN,
    MigratedKind.OPEN_CHANGE: _SPOKEN,
    MigratedKind.CLOSED_CHANGE: Fidelity(
        form=CarriedForm.ITSELF, keeps=frozenset(KeptTrait), note=Phrase("merged by the account that imports")
    ),
    MigratedKind.REVIEW: _SPOKEN,
    MigratedKind.LINE_COMMENT: _SPOKEN,
    MigratedKind.LABEL: WHOLE,
    MigratedKind.MILESTONE: WHOLE,
    MigratedKind.RELEASE: _SPOKEN,
    MigratedKind.ASSET: WHOLE,
    MigratedKind.ATTACHMENT: Fidelity(
        form=CarriedForm.LISTED, note=Phrase("texts name the addresses that they named at the source")
    ),
}
