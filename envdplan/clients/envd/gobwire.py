"""The bytes under Go's gob: integers, strings and the messages that carry them.

The rules are those of Go's encoding/gob documentation, "Encoding Details".
"""

import struct

from envdplan.ground.diagnostics import CorruptFile

_MAX_MESSAGE = 1 << 33  # encoding/gob's tooBig on 64-bit machines
_MAX_UINT_BYTES = 8
_ONE_BYTE = 0x80


class CorruptGob(CorruptFile):
    """Bytes that are no gob stream, or one of another shape than expected.

    `reason` is in the words of Go's decoder. `truncated` says that the stream stops early, as it
    does while another process is still writing it.
    """

    def __init__(self, reason: str, *, truncated: bool = False) -> None:
        super().__init__(
            "A gob stream cannot be read",
            f"The decoder says: {reason}. The bytes were damaged, cut off, or written by "
            "something that does not write this format.",
        )
        self.reason = reason
        self.truncated = truncated


class MessageReader:
    """Reads integers and strings out of one message of the stream after another.

    With `clamp`, a last message that promises more bytes than there are is read as far as it
    goes, which is what salvaging a cut-off file needs.
    """

    def __init__(self, data: bytes, *, clamp: bool = False) -> None:
        self._data = data
        self._at = 0
        self._end = 0
        self._clamp = clamp

    @property
    def left(self) -> int:
        """How many bytes the current message still has."""
        return self._end - self._at

    @property
    def rest(self) -> int:
        """How many bytes the whole stream still has."""
        return len(self._data) - self._at

    def next_message(self) -> bool:
        """Go to the next message, dropping what is left of this one; False when there is none."""
        self._at, self._end = self._end, len(self._data)
        if not self.left:
            return False
        try:
            length = self.uint()
        except CorruptGob as error:
            raise _cut_off() if error.reason == "EOF" else error from None
        if length >= _MAX_MESSAGE:
            raise CorruptGob("invalid message length")
        if length > self.left and not self._clamp:
            raise _cut_off()
        self._end = min(self._at + length, self._end)
        return True

    def take(self, length: int) -> bytes:
        """The next `length` bytes of the message; CorruptGob when it has fewer."""
        if length > self.left:
            raise CorruptGob("EOF")
        self._at += length
        return self._data[self._at - length : self._at]

    def uint(self) -> int:
        """One byte below 128, else the count of big-endian bytes, negated, and the bytes."""
        first = self.take(1)[0]
        if first < _ONE_BYTE:
            return first
        if 256 - first > _MAX_UINT_BYTES:
            raise CorruptGob("encoded unsigned integer out of range")
        return int.from_bytes(self.take(256 - first), "big")

    def int(self) -> int:
        """A signed integer: an unsigned one whose lowest bit says "complement the rest"."""
        bits = self.uint()
        return ~(bits >> 1) if bits & 1 else bits >> 1

    def float(self) -> float:
        """An IEEE double, its bytes reversed so that short numbers are short."""
        return float(struct.unpack("<d", self.uint().to_bytes(8, "big"))[0])

    def counted(self, what: str) -> bytes:
        """Bytes with their length before them."""
        length = self.uint()
        if length > self.left:
            raise CorruptGob(f"bad {what} slice length: {length}")
        return self.take(length)

    def string(self) -> str:
        """A string. Go's need not be UTF-8: other bytes come as Python's surrogate escapes."""
        return self.counted("string").decode("utf-8", "surrogateescape")


def _cut_off() -> CorruptGob:
    return CorruptGob("unexpected EOF", truncated=True)


def uint_bytes(number: int) -> bytes:
    """`number` as gob writes unsigned integers."""
    if number < _ONE_BYTE:
        return bytes([number])
    length = (number.bit_length() + 7) // 8
    return bytes([256 - length]) + number.to_bytes(length, "big")


def int_bytes(number: int) -> bytes:
    """`number` as gob writes signed integers."""
    return uint_bytes(number << 1 if number >= 0 else (~number << 1) | 1)


def string_bytes(text: str) -> bytes:
    """`text` as gob writes strings; UnicodeEncodeError for surrogates that no bytes gave."""
    encoded = text.encode("utf-8", "surrogateescape")
    return uint_bytes(len(encoded)) + encoded


def message_bytes(type_id: int, payload: bytes) -> bytes:
    """A message: a value of type `type_id`, or the definition of type -`type_id`."""
    content = int_bytes(type_id) + payload
    return uint_bytes(len(content)) + content
