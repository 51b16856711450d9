"""`python -m matou`."""

from matou.cli.main import main

main()
