#!/usr/bin/env bash
# Guess: in hq, python-hcl2's "jq-like" query tool, `target.app.tags[1]` is the second tag.
# Seen: hq of python-hcl2 8.1.4. An index counts what the path has found so far, never inside a list:
#   the attribute `tags` is one thing found, so [0] is the whole list and [1] is nothing (exit 1),
#   and `| .[0]` is an error: a path reaches no entry of a list. Behind a block's label
#   the index is not looked at: target.app[1] is both blocks of that label.
# Output seen: the text under "expected".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
timeout 300 "$work/venv/bin/pip" install -qq --disable-pip-version-check python-hcl2==8.1.4

cat > "$work/bake.hcl" <<'EOF'
target "app" {
  tags = ["first", "second"]
}
target "app" {
  pull = true
}
EOF
for path in 'target.app.tags' 'target.app.tags[0]' 'target.app.tags[1]' 'target.app.tags | .[0]' \
    'target[1].app.pull' 'target.app[1] | keys'; do
    code=0
    found=$(timeout 60 "$work/venv/bin/hq" "$path" "$work/bake.hcl" --value 2> "$work/told") || code=$?
    echo "$path: exit $code $(echo $found)"
done | sed 's/ $//' > "$work/seen"
cat > "$work/expected" <<'EOF'
target.app.tags: exit 0 ['"first"', '"second"']
target.app.tags[0]: exit 0 ['"first"', '"second"']
target.app.tags[1]: exit 1
target.app.tags | .[0]: exit 3
target[1].app.pull: exit 0 True
target.app[1] | keys: exit 0 ['tags'] ['pull']
EOF
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
