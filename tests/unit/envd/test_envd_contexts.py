import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdplan.clients.envd.commands import BUILDERS, create, new_context, remove, use
from envdplan.clients.envd.contexts import DEFAULT, Context, ContextSet, rebase, shown, survives
from envdplan.ground.diagnostics import Refused

A, B, C = (Context(name, "tcp", f"{name}:1") for name in "abc")
SET = ContextSet("a", (A, B, C))

names = st.sampled_from("abcd")


def test_a_context_is_replaced_in_its_place() -> None:
    changed = Context("b", "unix", "/run/b.sock")
    assert SET.put(changed).contexts == (A, changed, C)


def test_a_new_context_comes_last() -> None:
    assert ContextSet("a", (A, B)).put(C).contexts == (A, B, C)


def test_replacing_a_context_that_stands_twice_leaves_one() -> None:
    changed = Context("b", "unix", "/run/b.sock")
    assert ContextSet("a", (A, B, C, B)).put(changed).contexts == (A, changed, C)


def test_removing_leaves_the_others_and_the_current_name() -> None:
    assert SET.remove("b") == ContextSet("a", (A, C))
    assert SET.remove("nope") == SET


def test_a_missing_context_cannot_be_used() -> None:
    with pytest.raises(Refused, match='context "nope" does not exist'):
        SET.use("nope")


@given(names, st.lists(st.builds(Context, names, st.just("tcp"), names), max_size=6))
def test_what_was_put_is_found_and_what_was_removed_is_not(name: str, some: list[Context]) -> None:
    context = Context(name, "unix", "/x")
    put = ContextSet("a", tuple(some)).put(context)
    assert put.find(name) == context
    assert put.remove(name).find(name) is None
    assert put.use(name).current == name
    assert [one for one in put.contexts if one.name != name] == [
        one for one in some if one.name != name
    ]


def test_a_created_context_has_the_defaults_of_envd() -> None:
    assert new_context("demo") == Context("demo", "docker-container", "envd_buildkitd", "docker")


def test_an_empty_runner_address_is_none() -> None:
    assert new_context("demo", runner_address="").runner_address is None


def test_creating_may_switch_to_the_new_context() -> None:
    demo = new_context("demo", builder="tcp", builder_address="h:1")
    assert create(DEFAULT, demo) == ContextSet("default", (*DEFAULT.contexts, demo))
    assert create(DEFAULT, demo, use=True).current == "demo"


def test_an_existing_context_is_not_created_again() -> None:
    with pytest.raises(Refused) as caught:
        create(SET, A)
    assert caught.value.summary == 'context "a" already exists'


@pytest.mark.parametrize(
    ("name", "builder", "address", "runner", "summary"),
    [
        ("x", "podman-container", "y", "docker", "unknown builder type"),
        ("x", "tcp", "y", "podman", "unknown runner type"),
        ("", "tcp", "y", "docker", "a context needs a name"),
        ("x", "tcp", "", "docker", "a context needs a builder address"),
    ],
)
def test_a_context_that_envd_could_not_keep_is_refused(
    name: str, builder: str, address: str, runner: str, summary: str
) -> None:
    with pytest.raises(Refused) as caught:
        new_context(name, builder=builder, builder_address=address, runner=runner)
    assert caught.value.summary == summary


@pytest.mark.parametrize("builder", BUILDERS)
def test_every_builder_of_envd_is_taken(builder: str) -> None:
    assert new_context("x", builder=builder).builder == builder


def test_using_and_removing_fail_with_the_messages_of_envd() -> None:
    with pytest.raises(Refused) as missing:
        use(SET, "nope")
    with pytest.raises(Refused) as unknown:
        remove(SET, "nope")
    with pytest.raises(Refused) as current:
        remove(SET, "a")
    assert [one.value.summary for one in (missing, unknown, current)] == [
        'failed to use the specified context nope: context "nope" does not exist',
        'cannot find context "nope"',
        'cannot remove current context "a"',
    ]


def test_using_and_removing_work() -> None:
    assert remove(use(SET, "b"), "a") == ContextSet("b", (B, C))


def test_names_cannot_command_a_terminal_through_messages() -> None:
    with pytest.raises(Refused) as caught:
        remove(SET, "\x1b[31m\udcff")
    assert caught.value.summary == 'cannot find context "\\x1b[31m\\udcff"'
    assert shown("é 世") == "é 世"


ADDED = SET.put(Context("d", "tcp", "d:1"))
CHANGED = SET.put(Context("b", "tcp", "other:1"))


@pytest.mark.parametrize(
    ("wanted", "newest", "answer"),
    [
        (ADDED, ADDED, True),
        (ADDED, SET, False),
        (ADDED, ADDED.remove("a"), True),
        (ADDED, SET.remove("a"), False),
        (ADDED.use("d"), ADDED, True),  # somebody knew the new context and switched back
        (ADDED.use("d"), SET, False),
        (CHANGED, SET, False),
        (CHANGED, CHANGED.put(A), True),
        (SET.remove("b"), SET, False),
        (SET.remove("b"), SET.remove("b").remove("c"), True),
        (SET.use("b"), SET, False),
        (SET.use("b"), SET.use("c"), True),
        (SET, SET.remove("b"), True),
    ],
)
def test_a_change_survives_what_was_written_with_knowledge_of_it(
    wanted: ContextSet, newest: ContextSet, *, answer: bool
) -> None:
    assert survives(SET, wanted, newest) is answer


def test_a_late_change_is_made_to_the_newest_contexts() -> None:
    known = SET.put(Context("gone", "tcp", "x")).put(Context("kept", "tcp", "x"))
    made = known.remove("gone").put(Context("new", "tcp", "y")).use("new")
    newest = known.put(Context("ours", "tcp", "z"))
    assert rebase(newest, known, made) == newest.remove("gone").put(Context("new", "tcp", "y")).use(
        "new"
    )
    assert rebase(newest, known, known) == newest
