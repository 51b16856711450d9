"""What was said around the code that was backed up: an index of it, and what may be read of it, by whom."""
