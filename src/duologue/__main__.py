"""`python -m duologue`."""

from duologue.cli import main

main()
