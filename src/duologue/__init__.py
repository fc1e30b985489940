"""Duologue: self-hosted random video chat and direct 1:1 calls."""

__version__ = "0.1.0"
