"""The whole product: `duologue dev` as a process, real LiveKit, one real Chromium per person."""
