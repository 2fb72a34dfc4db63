"""Resources that were called otherwise, and those that are to be kept when their block goes."""

from tests.e2e.conftest import Project

STORE = 'envdplan { context_store = "../contexts" }\n'


def context(label: str, more: str = "") -> str:
    return f"""
context "{label}" {{
  name            = "demo"
  builder         = "tcp"
  builder_address = "10.0.0.1:1"
  {more}
}}
"""


def listed(project: Project) -> str:
    return project.run("context", "ls", "--store", "../contexts").out


def test_a_moved_block_keeps_the_thing_and_renames_its_record(project: Project) -> None:
    project.write(STORE + context("old"))
    project.apply()
    moved = "moved {\n  from = context.old\n  to = context.new\n}\n"
    project.write(STORE + context("new") + moved)
    plan = project.plan()
    assert plan.code == 0, plan.text
    assert "context.new will be recorded as it is: it was context.old before" in plan.out
    project.apply()
    assert project.run("state", "list").out.split() == ["context.new"]
    project.assert_settled()
    assert "it was" not in project.plan().out
    project.write(STORE + context("new"))
    project.assert_settled()


def test_a_chain_of_moves_and_a_change_at_once(project: Project) -> None:
    project.write(STORE + context("a"))
    project.apply()
    moved = "".join(
        f"moved {{\n  from = context.{one}\n  to = context.{two}\n}}\n" for one, two in ("ab", "bc")
    )
    project.write(STORE + context("c", "use = true") + moved)
    plan = project.plan()
    assert "~ context.c (context) will be updated in place" in plan.out, plan.text
    project.apply()
    assert project.run("state", "list").out.split() == ["context.c"]
    assert "demo (current)" in listed(project)


def test_one_block_becomes_one_key_of_many(project: Project) -> None:
    project.write(STORE + context("x"))
    project.apply()
    many = context("x", 'for_each = toset(["a"])')
    moved = 'moved {\n  from = context.x\n  to = context.x["a"]\n}\n'
    project.write(STORE + many + moved)
    project.apply()
    assert project.run("state", "list").out.split() == ['context.x["a"]']
    assert "demo" in listed(project)


def test_a_removed_block_forgets_and_keeps_the_thing(project: Project) -> None:
    project.write(STORE + context("x"))
    project.apply()
    project.write(STORE + "removed {\n  from = context.x\n  destroy = false\n}\n")
    plan = project.plan()
    assert "a removed block says that it is to be kept" in plan.out, plan.text
    project.apply()
    assert project.run("state", "list").out.split() == []
    assert "demo" in listed(project)


def test_wrong_moves_are_told(project: Project) -> None:
    for block, words in (
        ("moved {\n from = context.x\n to = context.y\n}", "is still declared"),
        ("moved { to = context.y }", "needs from"),
        ("removed {\n from = context.x\n destroy = false\n}", "is still declared"),
        ("removed {\n from = context.z\n destroy = 1\n}", "true or false"),
        ("moved {\n from = 1\n to = context.x\n}", "takes a whole resource"),
    ):
        project.write(STORE + context("x") + block + "\n")
        done = project.run("validate")
        assert done.code == 1, block
        assert words in " ".join(done.err.split()), done.err
