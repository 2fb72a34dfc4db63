"""Entry point. What needs no command line library does not wait for one."""

import sys

from envdplan import __version__


def main() -> None:
    """Run the command and exit with its code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(f"envdplan {__version__}\n")
        return
    if arguments in (["--help"], ["-h"], []):
        from envdplan.cli.helptext import HELP

        sys.stdout.write(HELP)
        return
    import gc

    gc.set_threshold(200_000, 20, 50)  # a short life makes few cycles and many values
    from envdplan.cli.app import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
