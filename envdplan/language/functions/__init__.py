"""The functions of the language: one table, which is their documentation too."""

from collections.abc import Mapping
from itertools import chain
from typing import Final

from envdplan.language.evaluation.context import Function
from envdplan.language.functions import (
    control,
    dates,
    encoding,
    files,
    formatting,
    hashing,
    identifiers,
    images,
    lists,
    maps,
    network,
    numeric,
    operators,
    regex,
    repository,
    secrets,
    sets,
    templates,
    text,
    types,
    versions,
)

FUNCTIONS: Final[Mapping[str, Function]] = {
    function.name: function
    for function in sorted(
        chain(
            control.FUNCTIONS,
            dates.FUNCTIONS,
            encoding.FUNCTIONS,
            files.FUNCTIONS,
            formatting.FUNCTIONS,
            hashing.FUNCTIONS,
            identifiers.FUNCTIONS,
            images.FUNCTIONS,
            lists.FUNCTIONS,
            maps.FUNCTIONS,
            network.FUNCTIONS,
            numeric.FUNCTIONS,
            operators.FUNCTIONS,
            regex.FUNCTIONS,
            repository.FUNCTIONS,
            secrets.FUNCTIONS,
            sets.FUNCTIONS,
            templates.FUNCTIONS,
            text.FUNCTIONS,
            types.FUNCTIONS,
            versions.FUNCTIONS,
        ),
        key=lambda function: function.name,
    )
}
