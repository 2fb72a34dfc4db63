"""envdplan: plan and apply for envd contexts, BuildKit builders and image builds."""

# The layout of the package, roof to floor; a module imports only from its own row or rows below
# (import-linter holds it, see pyproject.toml and docs/architecture.md):
#
#   cli                                  parse arguments, wire clients, choose the exit code
#   views | providers | store            how things look; Change -> calls; where State is kept
#   drivers | frontends | modules        builder types; image frontends; sources of modules
#   buildkit                             the BuildKit client: Control API, session, progress
#   registry | dockerengine | envd | files    clients of one system each
#   credentials                          registry credentials, as Docker keeps them
#   workflow                             load, plan and apply on one page
#   engine                               refresh, apply, record; drives providers by protocol
#   config | plans                       what the files mean; what has to change
#   syntax | states                      HCL and YAML; the three pictures
#   schema | graph | values              one description of each type; ordering; values
#   diagnostics                          problems as data, and the tree of exceptions
#   addresses | source | loading         names of things; places in files; slow imports

__version__ = "0.1.0"

__all__ = ["__version__"]
