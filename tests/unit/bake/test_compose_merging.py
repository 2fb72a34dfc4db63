"""Several files, documents and services laid over each other."""

from tests.unit.bake.composing import compose, mistakes, targets

BASE = "services: {web: {build: {context: one, args: {A: 1, B: 1}, tags: [a], target: t}}}"


def test_maps_merge_lists_grow_and_scalars_are_replaced() -> None:
    over = "services: {web: {build: {context: two, args: [B=2], tags: [b, a]}}}"
    assert targets(BASE, over)["web"] == {
        "context": "two",
        "target": "t",
        "args": {"A": "1", "B": "2"},
        "tags": ["a", "b"],
    }


def test_an_argument_without_a_value_hides_the_earlier_one() -> None:
    over = "services: {web: {build: {args: {A: }}}}"
    assert targets(BASE, over)["web"]["args"] == {"B": "1"}
    assert targets(BASE, over, environment={"A": "x"})["web"]["args"] == {"A": "x", "B": "1"}


def test_reset_takes_away_and_override_replaces() -> None:
    over = "services: {web: {build: {args: !override {C: 3}, tags: !reset [], target: !reset x}}}"
    assert targets(BASE, over)["web"] == {"context": "one", "args": {"C": "3"}}


def test_a_service_without_anything_changes_nothing() -> None:
    assert targets(BASE, "services: {web: }") == targets(BASE)


def test_documents_of_one_file_merge_as_files_do() -> None:
    over = "services: {web: {build: {context: two}}}"
    assert targets(f"{BASE}\n---\n{over}\n") == targets(BASE, over)


def test_values_point_to_the_file_that_won() -> None:
    over = "services: {web: {build: {args: {B: 2}}}}"
    composed, _ = compose(BASE, over)
    where = {path: str(place) for (_, path), place in composed.places.items()}
    assert where["args", "A"] == "1.yaml:1:50"
    assert where["args", "B"] == "2.yaml:1:36"
    assert where["tags", 0] == "1.yaml:1:67"


def test_extending_is_merging_in_one_file() -> None:
    text = "services: {a: {image: i, build: {tags: [a]}}, b: {extends: a, build: {tags: [b]}}}"
    assert targets(text)["b"]["tags"] == ["a", "b"]


def test_reset_counts_in_the_middle_of_a_chain() -> None:
    text = """\
        services:
          a: {build: {target: x, tags: [t]}}
          b: {extends: a, build: {target: !reset null, tags: !override [u]}}
          c: {extends: b}
        """
    assert targets(text)["c"] == {"context": ".", "tags": ["u"]}


def test_paths_of_an_extended_file_start_in_its_folder() -> None:
    text = "services: {web: {extends: {file: ./sub/base.yaml, service: base}}}"
    base = "services: {base: {build: {context: ../app, additional_contexts: {x: y}}}}"
    found = targets(text, others={"sub/base.yaml": base})
    assert found["web"] == {"context": "app", "contexts": {"x": "sub/y"}}


def test_a_mistake_in_an_extended_file_points_there() -> None:
    text = "services: {web: {extends: {file: base.yaml, service: base}}}"
    base = "services: {base: {build: {contxt: app}}}"
    assert mistakes(text, others={"base.yaml": base}) == [
        'base.yaml:1:27: services.base.build has no field "contxt". Did you mean "context"?'
    ]


def test_a_long_chain_of_services_is_no_crash() -> None:
    chain = ", ".join(f"s{i}: {{extends: s{i + 1}}}" for i in range(2000))
    [first, *_] = mistakes(f"services: {{{chain}, s2000: {{build: .}}}}")
    assert first.endswith("A service may extend a chain of at most 50 others.")
