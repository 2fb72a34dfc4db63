"""The same said of several resources is one message."""

from envdplan.ground.diagnostics import Diagnostics


def test_the_same_of_several_resources_is_one_message_at_the_first() -> None:
    found = Diagnostics()
    for name in ("build.a", "build.b", "build.a"):
        found.warn("Same", "words", address=name)
    found.warn("Same", "other words", address="build.c")
    found.error("Same", "words", address="build.d")
    found.warn("Same", "words")
    joined = [
        (one.severity.value, one.detail, one.address, one.addresses) for one in found.joined()
    ]
    assert joined == [
        ("warning", "words", "build.a", ("build.a", "build.b")),
        ("warning", "other words", "build.c", ()),
        ("error", "words", "build.d", ()),
        ("warning", "words", None, ()),
    ]
