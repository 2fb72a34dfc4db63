"""The text of `envdplan --help`; written by scripts/write_helptext.py."""

HELP = """\
Usage: envdplan [OPTIONS] COMMAND [ARGS]...

  Plan and apply envd contexts, BuildKit builders and image builds.

Options:
  -C, -chdir, --chdir DIR  Work in this directory.
  -no-color, --no-color    Turn colors off, as NO_COLOR does.
  --version                Show the version.
  --install-completion     Install completion for the current shell.
  --show-completion        Show completion for the current shell, to copy it or
                           customize the installation.
  -h, --help               Show this message and exit.

Commands:
  init          Fetch the modules and lock their versions.
  plan          Show what apply would do, and why.
  apply         Create builders and contexts, run and push builds.
  destroy       Remove what envdplan made: contexts and builders.
  validate      Check the configuration.
  fmt           Format HCL files.
  convert       Convert bake or Compose files into a configuration.
  show          Show a saved plan, the state or the configuration.
  output        Show the outputs of the last apply.
  import        Record a builder or context that already exists.
  forward       Expose a builder as a local unix socket, until Ctrl-C.
  console       Evaluate expressions of the configuration.
  functions     List the functions of the language.
  schema        Print a published JSON Schema.
  force-unlock  Remove a state lock that was left behind.
  state         Show and change the state.
  context       Show and change envd's contexts by hand.
  builder       Show and manage builders.
"""
