"""Parts of the match benchmark: Duologue as several processes on Redis, and people who look for each other."""
