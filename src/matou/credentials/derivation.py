"""Keys that are made of passphrases."""

import msgspec

from matou.credentials import Secret

SALT_BYTES = 16


class Derivation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a key is made of a passphrase: Argon2id, whose cost is bounded so that a file cannot exhaust us."""

    salt: bytes
    passes: int = 3
    memory_kibibytes: int = 64 * 1024
    lanes: int = 4

    def __post_init__(self) -> None:
        bounded = 1 <= self.passes <= 16 and 1 <= self.lanes <= 16
        if not bounded or not 8 * self.lanes <= self.memory_kibibytes <= 1024 * 1024 or len(self.salt) != SALT_BYTES:
            raise ValueError


def derived_bytes(passphrase: Secret, derivation: Derivation, *, count: int) -> bytes:
    """So many bytes, which nobody can tell who does not know the passphrase."""
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(
        passphrase.reveal().encode(),
        derivation.salt,
        time_cost=derivation.passes,
        memory_cost=derivation.memory_kibibytes,
        parallelism=derivation.lanes,
        hash_len=count,
        type=Type.ID,
    )
