#!/usr/bin/env bash
# Guess: pygohcl binds HashiCorp's own HCL parser, so a string that comes out with `${x}` in it was
#   a template, and `keep_interpolations=True` keeps what tells templates from plain text.
# Seen: pygohcl 1.2.9. By default it is the other way round: a template loses its `${}`, an escaped
#   `$${x}` comes out as `${x}`. With keep_interpolations=True `"v${x}"` and `"v$${x}"` come out the
#   same; a call in a conditional becomes plain text of a directive; a bare reference, a template of
#   one reference and a quoted string that spells it are all the same `v.x`.
# Output seen: the text under "expected".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
timeout 300 "$work/venv/bin/pip" install -qq --disable-pip-version-check pygohcl==1.2.9

cat > "$work/read.py" <<'EOF'
import pygohcl

for value in (
    '"v${x}"',
    '"v$${x}"',
    '"v${c ? f("a") : "b"}"',
    "v.x",
    '"v.x"',
    '"${v.x}"',
):
    text = f"a = {value}\n"
    plain = pygohcl.loads(text)["a"]
    kept = pygohcl.loads(text, keep_interpolations=True)["a"]
    print(f"{value} | {plain} | {kept}")
EOF
cat > "$work/expected" <<'EOF'
"v${x}" | vx | v${x}
"v$${x}" | v${x} | v${x}
"v${c ? f("a") : "b"}" | v%{if c}f("a")%{else}b%{endif} | v%{if c}f("a")%{else}b%{endif}
v.x | v.x | v.x
"v.x" | v.x | v.x
"${v.x}" | v.x | v.x
EOF
timeout 60 "$work/venv/bin/python" "$work/read.py" > "$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
