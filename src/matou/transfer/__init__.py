"""What moves repositories: from a source into an archive, and out of an archive again."""
