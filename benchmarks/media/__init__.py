"""What the benchmarks of media share: LiveKit servers, people in browsers, and a bad network between them."""
