"""What git knows about the folder of the file that asks."""

from typing import Final

from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Context, Function


def _git(context: Context) -> Value:
    return dict(context.repository(context.directory))


FUNCTIONS: Final = (
    Function(
        "git() -> object",
        "commit, short, branch, tag, dirty and remote of the repository that the file is in; "
        "branch, tag and remote are null where there is none.",
        "git().branch",
        '"main"',
        _git,
        in_context=True,
        pure=False,
    ),
)
