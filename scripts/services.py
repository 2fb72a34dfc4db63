"""Provide and run real parts (engines, registries, buildkitd, envd): see scripts/README.md."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.provision.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
