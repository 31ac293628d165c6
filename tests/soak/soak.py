"""A long soak: thousands of orders, faults by chance, killed runners. Ends with 1 if anything was lost or doubled.

`python -m tests.soak.soak --help` lists the options.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a soak as the command line says, print its figures, and give the exit code."""
    # Each runner imports the main module anew: what it needs not is imported here.
    from random import Random  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    from tests.soak.figures import Figures, Minima  # noqa: PLC0415
    from tests.soak.ground import ground  # noqa: PLC0415
    from tests.soak.running import Soak, Wishes  # noqa: PLC0415

    chosen = _options().parse_args(arguments)
    console = Console()
    console.print(f"soak of {chosen.orders} order lines on {chosen.engine}, seed {chosen.seed}")
    wishes = Wishes(
        runners=chosen.runners,
        fault_share=chosen.faults,
        kill_share=chosen.kills,
        least=Minima(chosen.least_requests, chosen.least_faults, chosen.least_kills),
        minutes=chosen.minutes,
    )
    figures = Figures(chosen.seed, orders=chosen.orders)
    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with (
        ground(chosen.seed, chosen.orders, chosen.customers, chosen.engine) as place,
        Progress(*columns, console=console, transient=True) as progress,
    ):
        task = progress.add_task("begins")

        def tell(now: Figures, left: int) -> None:
            words = f"{now.requests:,} requests, {now.faults.total():,} faults, {now.kills:,} kills, {left:,} left"
            progress.update(task, description=words)

        Soak(place, figures, wishes, Random(chosen.seed)).run(tell)  # noqa: S311 - no secrets
    console.print(figures.table())
    complaints = list(figures.complaints(wishes.least))
    for complaint in complaints[:50]:
        console.print(complaint, markup=False, highlight=False)
    console.print("FAILED" if complaints else "nothing lost, nothing twice")
    return 1 if complaints else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="soak", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--orders", type=int, default=5000, help="order lines")
    parser.add_argument("--customers", type=int, default=36, help="customers that they are of")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(1 << 32), help="of all that is random here"
    )
    parser.add_argument("--faults", type=float, default=0.05, help="share of requests that meet a fault")
    parser.add_argument("--kills", type=float, default=0.5, help="share of runs that are to be killed")
    parser.add_argument("--runners", type=int, default=8, help="runners at a time")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="postgresql", help="database")
    parser.add_argument("--minutes", type=float, default=40, help="after which it has failed")
    parser.add_argument("--least-requests", type=int, default=20_000, help="below which it says nothing")
    parser.add_argument("--least-faults", type=int, default=1_000, help="below which it says nothing")
    parser.add_argument("--least-kills", type=int, default=50, help="below which it says nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
