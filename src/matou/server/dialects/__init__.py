"""Other platforms' APIs as this server speaks them: a folder a dialect, none of which knows another."""
