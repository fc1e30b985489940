"""The tests mirror `src/duologue`; start with `tutorial/`."""
