"""What commands do that need much. Each module is imported when its command runs, never for a help text."""
