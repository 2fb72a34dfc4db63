"""The text of `envdplan --help`; written by scripts/write_helptext.py."""

HELP = """\
Usage: envdplan [OPTIONS] COMMAND [ARGS]...

  Plan and apply envd contexts, BuildKit builders and image builds.

Options:
  -C, -chdir, --chdir DIR  Work in this directory.
  -no-color, --no-color    No colors (as NO_COLOR).
  --version                Show the version.
  --install-completion     Install completion for the current shell.
  --show-completion        Show completion for the current shell, to copy it or
                           customize the installation.
  -h, --help               Show this message and exit.

Commands:
  init          Fetch the modules that the configuration names, and lock...
  plan          Show what apply would do, and why.
  apply         Do what plan shows: make builders and contexts, run builds,...
  destroy       Remove what envdplan made: contexts and builders.
  validate      Check the configuration; looks at nothing else.
  fmt           Lay out HCL files in the canonical way.
  show          Show a saved plan, the state, or with --config what the...
  output        Show outputs as the last apply left them.
  import        Record a builder or context that exists already; nothing...
  forward       Expose any builder as a unix socket of this machine, for...
  console       Evaluate expressions with the configuration and the state,...
  functions     Show the functions of the language, with an example of each.
  schema        Print a JSON Schema: of configurations in YAML, of --json,...
  force-unlock  Remove the lock of the state that somebody left behind.
  state         Look at the state, and take things out of it.
  context       envd's contexts, by hand.
  builder       Builders, as they are now.
"""
