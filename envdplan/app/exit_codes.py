"""Exit codes, as Terraform has them."""

from typing import Final

OK: Final = 0
ERROR: Final = 1
CHANGES: Final = 2
"""With --detailed-exitcode: the plan is not empty."""
UNFORMATTED: Final = 3
"""With fmt -check: a file is not in canonical form."""
INTERRUPTED: Final = 130
"""Asked to stop: by SIGINT. After SIGTERM the process ends with 143 instead (interrupts)."""
