"""What it takes to see what observing costs: a switch inside each gateway, and samples from outside."""
