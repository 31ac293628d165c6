"""How much of the proofs is done: with `WHOLE_PROOFS=1` all of it, else what CI has the time for."""

from __future__ import annotations

import os

WHOLE = "WHOLE_PROOFS" in os.environ
