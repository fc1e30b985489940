"""Parts of the gateway benchmark: the servers as processes, and the crowd that speaks to them."""
