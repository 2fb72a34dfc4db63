"""What is wrong with a compose file is told with its place, and with what to do."""

import pytest

from envdplan.dialects.compose.sizes import shown
from tests.unit.bake.composing import compose, mistakes, targets


def test_unknown_fields_outside_of_build_are_left_out_as_bake_does() -> None:
    composed, problems = compose("services: {web: {bild: ., build: .}}\nservicer: {}\n")
    assert composed.body["target"] == {"web": {"context": "."}}
    assert [(one.severity.value, one.detail) for one in problems] == [
        (
            "warning",
            'A compose file has no field "servicer". Did you mean "services"? It is left out.',
        ),
        ("warning", 'services.web has no field "bild". Did you mean "build"? It is left out.'),
    ]


def test_unknown_fields_of_x_bake_are_left_out_as_bake_does() -> None:
    assert mistakes("services: {web: {build: {x-bake: {cache_from: [a]}}}}") == [
        (
            '1.yaml:1:35: services.web.build.x-bake has no field "cache_from". '
            'Did you mean "cache-from"? It is left out.'
        )
    ]


def test_all_mistakes_are_told_at_once() -> None:
    text = """\
        services:
          one:
            build: {tags: a, pull: maybe}
          two:
            build: {shm_size: big}
        """
    assert mistakes(text) == [
        "1.yaml:3:19: services.one.build.tags must be a list of strings, but it is a string.",
        "1.yaml:3:28: services.one.build.pull must be true or false, but it is a string.",
        (
            '1.yaml:5:23: services.two.build.shm_size is "big", which is not a size. Write a '
            "number of bytes, or 128m or 2g."
        ),
    ]


def test_services_that_would_be_one_target() -> None:
    assert mistakes("services: {a.b: {build: .}, a_b: {build: .}}") == [
        (
            '1.yaml:1:29: The services "a.b" and "a_b" would both be the target "a_b", as targets '
            "have no dots. Rename one of them."
        )
    ]


def test_an_alias_in_itself_and_too_many_aliases_end() -> None:
    assert mistakes("a: &a\n  b: *a\n") == ["1.yaml:1:4: YAML may be nested 100 levels deep."]
    lines = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9))
    assert mistakes(f"a0: &a0 [x]\n{lines}")[0].endswith("has more than 100000 values.")


def test_what_is_no_yaml() -> None:
    (one,) = mistakes("services:\n\tweb: x\n")
    assert one.startswith("1.yaml:2:1: This is not YAML: found character that cannot start any")
    assert "Indent with spaces, not tabs" in one


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_says_nothing(text: str) -> None:
    composed, problems = compose(text)
    assert (composed.body, problems) == ({}, [])


def test_one_limit_means_both() -> None:
    """Bake 0.29.1 reads 0:0, which no build survives; later ones read it like this."""
    found = targets("services: {web: {build: {ulimits: {nofile: 1024, core: -1}}}}")
    assert found["web"]["ulimits"] == ["core=-1:-1", "nofile=1024:1024"]


def test_environment_files_are_opened_only_where_an_argument_needs_them() -> None:
    text = "services: {web: {env_file: nowhere.env, build: {args: [A=1]}}}"
    assert targets(text)["web"]["args"] == {"A": "1"}


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, "1B"), (1023, "1023B"), (1025, "1.001KiB"), (1536 * 2**20, "1.5GiB"), (2**60, "1EiB")],
)
def test_sizes_are_written_with_four_digits(size: int, expected: str) -> None:
    assert shown(size) == expected
