"""What a builder was refused is told, but not without end and not in its own hand."""

from envdplan.clients.buildkit.session.refusals import LONGEST, Refusals, shown


def test_at_most_ten_are_told_and_the_others_counted() -> None:
    refusals = Refusals()
    for number in range(1000):
        refusals.add(f"file {number}")
        refusals.add("file 0")
    lines = refusals.lines()
    assert lines == (*(f"file {number}" for number in range(10)), "and 990 more")


def test_a_long_one_is_cut_and_nothing_reaches_the_terminal() -> None:
    assert shown("x" * 10_000) == "x" * LONGEST + "..."
    assert shown("a\x1b[2Jb\nrefused: c\u202e\udc80") == "a\\x1b[2Jb\\nrefused: c\\u202e\\udc80"
    assert len(shown("\x1b" * LONGEST)) == LONGEST + 3
