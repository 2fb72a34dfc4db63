"""Changes of one file by many threads: those that wait for each other are made in one write."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar

from envdplan.ground.diagnostics import EnvdplanError

S = TypeVar("S")


@dataclass(slots=True)
class _Wish(Generic[S]):
    transform: Callable[[S], S]
    result: S | None = None
    error: EnvdplanError | None = None
    done: bool = False


class Batch(Generic[S]):
    """`change` takes a pure function and stores what it makes of the whole."""

    def __init__(self, change: Callable[[Callable[[S], S]], S]) -> None:
        self._change = change
        self._waiting: list[_Wish[S]] = []
        self._guard = threading.Lock()
        self._turn = threading.Lock()

    def change(self, transform: Callable[[S], S]) -> S:
        """Have `transform` made, alone or with others; the whole as it is then.

        Raises what `transform` or the store raises; others do not suffer from it.
        """
        wish = _Wish(transform)
        with self._guard:
            self._waiting.append(wish)
        with self._turn:
            if not wish.done:
                self._make(self._take())
        if wish.error is not None:
            raise wish.error
        assert wish.result is not None  # noqa: S101  a wish that is done has either
        return wish.result

    def _take(self) -> list[_Wish[S]]:
        with self._guard:
            taken, self._waiting = self._waiting, []
        return taken

    def _make(self, wishes: list[_Wish[S]]) -> None:
        try:
            result = self._change(lambda whole: reduce(_apply, wishes, whole))
        except EnvdplanError as error:
            if len(wishes) > 1:
                for wish in wishes:  # so that only the guilty one fails
                    self._make([wish])
                return
            wishes[0].error = error
        else:
            for wish in wishes:
                wish.result = result
        for wish in wishes:
            wish.done = True


def _apply(whole: S, wish: _Wish[S]) -> S:
    return wish.transform(whole)
