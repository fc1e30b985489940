"""LiveKit: rooms, tokens and nodes for the services, and the server that `duologue dev` starts."""
