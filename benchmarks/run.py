"""Measures envdplan beside its peers, in the same run, and prints a table.

`python benchmarks/run.py [--quick] [GROUP ...]`; groups: start, plan, validate, lines, contexts,
digest, builds, transfer. The last two need real parts: they are taken from
ENVDPLAN_TEST_SERVICES, or started. What is not found (terraform, docker buildx) is left out. Every
number is the median of several runs with the lowest and highest beside it: on a shared machine
trust the ratios.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import core, daemons
from benchmarks.measure import Bench, Row, table

Group = Callable[[Bench], Iterator[Row]]

GROUPS: dict[str, Group] = {
    "start": core.start,
    "plan": core.plans,
    "validate": core.validate,
    "lines": core.lines,
    "contexts": core.contexts,
    "digest": core.digests,
    "builds": daemons.builds,
    "transfer": daemons.transfers,
}


def main() -> int:
    """Run the groups that were asked for."""
    parser = argparse.ArgumentParser(description="Measure envdplan beside its peers.")
    parser.add_argument("--quick", action="store_true", help="fewer runs, smaller sizes")
    parser.add_argument("groups", nargs="*", choices=[[], *GROUPS], help="default: all")
    arguments = parser.parse_args()
    with Bench(quick=arguments.quick) as bench:
        for name in arguments.groups or GROUPS:
            rows = []
            for row in GROUPS[name](bench):
                rows.append(row)
                print(f"  {row.what}: {row}", file=sys.stderr)
            print(f"\n## {name}\n")
            print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
