#!/usr/bin/env bash
# Guess: `CMD ["serve"] --port 80` is no valid JSON, so it is the shell form, or it is refused.
# Seen: BuildKit's own Dockerfile parser (0.12.5, in the wheel dockerfile 3.4.0) takes the exec form
#   and drops what stands behind the bracket without a word: the port is gone, and `# a comment` or a
#   second array too. Text before the bracket, or single quotes inside, make it the shell form.
#   A port of the parser to Python (e2b-dockerfile-utils 0.1.1) takes the shell form for all of them,
#   so the two read one Dockerfile as two programs. An image that a BuildKit daemon, 0.13.2, built of
#   the second line has the command ["serve"].
# Output seen: the text under "expected".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
timeout 300 "$work/venv/bin/pip" install -qq --disable-pip-version-check dockerfile==3.4.0 e2b-dockerfile-utils==0.1.1

cat > "$work/read.py" <<'EOF'
import dockerfile
from e2b_dockerfile_utils import parse_dockerfile_ast

for line in (
    'CMD ["serve"]',
    'CMD ["serve"] --port 80',
    'CMD ["serve"] # on port 80',
    'ENTRYPOINT ["serve"] ["--port"]',
    "CMD ['serve']",
):
    text = f"FROM scratch\n{line}\n"
    real = dockerfile.parse_string(text)[1]
    port = parse_dockerfile_ast(text).instructions[1]
    print(f"{line} | {'exec' if real.json else 'shell'} {list(real.value)}", end="")
    print(f" | {'exec' if port.json else 'shell'} {port.args}")
EOF
cat > "$work/expected" <<'EOF'
CMD ["serve"] | exec ['serve'] | exec ['serve']
CMD ["serve"] --port 80 | exec ['serve'] | shell ['["serve"] --port 80']
CMD ["serve"] # on port 80 | exec ['serve'] | shell ['["serve"] # on port 80']
ENTRYPOINT ["serve"] ["--port"] | exec ['serve'] | shell ['["serve"] ["--port"]']
CMD ['serve'] | shell ["['serve']"] | shell ["['serve']"]
EOF
timeout 60 "$work/venv/bin/python" "$work/read.py" > "$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
