"""What starts a program: every git child, in its sandbox, within its limits."""
