"""The stores behind `ports.Store`: `memory` is the single-process one, and the reference for others."""
