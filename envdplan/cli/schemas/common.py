"""What all published schemas share."""

from typing import Any, Final, TypeAlias

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
Schema: TypeAlias = dict[str, Any]
