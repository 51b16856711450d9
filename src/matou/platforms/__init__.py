"""One folder a platform: `wire.py` has its words in both directions, `client.py` asks it."""
