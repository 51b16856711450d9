"""Bytes under a key. One file a kind of store; `tests/contracts/stores.py` says what each must keep."""
