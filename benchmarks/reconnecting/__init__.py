"""Parts of the storm: people of the Python client who come back by themselves, and pictures of when they did."""
