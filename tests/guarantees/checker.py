"""The checker: whether guarantees 1 to 3 hold, by source rows, tables, board and log. Pure; each proof ends here.

1. At most one item a source row, and one subitem a size of it.
2. Every source row ends on the board and in MON, in ERR with a reason, or waits in STG for the next run.
3. A run with nothing new sends no mutation.
"""

from __future__ import annotations

from tests.guarantees import accounted, once, orphans, recorded
from tests.guarantees.facts import Facts
from tests.guarantees.terms import ByHand, Evidence, Violation

__all__ = ["RULES", "ByHand", "Evidence", "Violation", "violations"]

RULES = (*once.RULES, *accounted.RULES, *orphans.RULES, *recorded.RULES)
"""Each takes the facts and gives what it finds broken."""


def violations(evidence: Evidence) -> list[Violation]:
    """List everything by which guarantees 1 to 3 are broken; nothing where they hold."""
    facts = Facts(evidence)
    return [violation for rule in RULES for violation in rule(facts)]
