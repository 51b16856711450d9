"""What a platform's record says of how faithfully things arrive there."""

import pytest

from matou.errors import Phrase
from matou.model.fidelity import CODE_ALONE, TRAITS, CarriedForm, Fidelity, MigratedKind, MigrationMethod, by_rest
from matou.platforms.base.platform import Platform
from matou.platforms.registry import PLATFORMS


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS.keys())
def test_a_platform_says_of_every_kind_how_it_is_carried(platform: Platform) -> None:
    for table in platform.methods.values():
        assert set(table) == set(MigratedKind)
        for kind, fidelity in table.items():
            lost = TRAITS.get(kind, frozenset()) - fidelity.keeps
            assert not (fidelity.arrives and lost) or fidelity.header, (kind, "loses what no header line says")
            assert not (fidelity.header and kind not in TRAITS), (kind, "has nothing that a header line could say")


def test_code_alone_carries_what_git_carries() -> None:
    assert {kind for kind, fidelity in CODE_ALONE.items() if fidelity.arrives} == {
        MigratedKind.CODE,
        MigratedKind.LFS,
        MigratedKind.WIKI,
    }


def test_what_a_platform_takes_otherwise_stands_in_place_of_what_most_take() -> None:
    note = Phrase("files of at most 100 MB")
    table = by_rest(asset=Fidelity(form=CarriedForm.LISTED, note=note))

    assert (table[MigratedKind.ASSET].note, table[MigratedKind.ASSET].arrives) == (note, False)
    assert table[MigratedKind.CLOSED_CHANGE].form is CarriedForm.ISSUE


def test_the_best_method_of_a_platform_comes_first() -> None:
    assert list(PLATFORMS["gitea"].methods) == [
        MigrationMethod.PULL,
        MigrationMethod.REST,
        MigrationMethod.ARCHIVE,
    ]
