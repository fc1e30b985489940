"""What the benchmarks on Redis share: a server of their own, people in its ledger, and what was said to it."""
