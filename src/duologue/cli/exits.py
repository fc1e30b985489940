"""What the commands exit with; 0 is: what was checked holds."""

from __future__ import annotations

DOES_NOT_HOLD = 1
COULD_NOT_RUN = 2
