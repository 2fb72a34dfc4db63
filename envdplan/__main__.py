"""Entry point. What needs no command line library does not wait for one."""

import sys

from envdplan import __version__
from envdplan.ground import interrupts


def main() -> None:
    """Run the command and exit with its code."""
    interrupts.end()
    from envdplan.app import streams

    streams.prepare()  # before anything else gets the number of a stream that is closed
    interrupts.watch()
    code = streams.finish(_run(sys.argv[1:]))
    if interrupts.stopping.is_set():
        interrupts.leave(code)  # threads that still wait for an answer are not waited for
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        sys.stdout.write(f"envdplan {__version__}\n")
        return 0
    if arguments in (["--help"], ["-h"], []):
        from envdplan.cli.helptext import HELP

        sys.stdout.write(HELP)
        return 0
    import gc

    gc.set_threshold(200_000, 20, 50)  # a short life makes few cycles and many values
    from envdplan.cli.app import run

    interrupts.work()
    try:
        return run(arguments)
    finally:
        interrupts.end()


if __name__ == "__main__":
    main()
