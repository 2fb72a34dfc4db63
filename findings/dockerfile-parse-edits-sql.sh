#!/usr/bin/env bash
# Guess: a program that sets the base image with dockerfile-parse changes the FROM line of the last
#   stage, or fails.
# Seen: dockerfile-parse 2.0.1 knows no heredocs, and says nothing. A line `FROM users` of an SQL
#   statement in a RUN or COPY heredoc counts as a stage: `baseimage` is "users", the file counts as
#   multi-stage, and setting `baseimage` rewrites the SQL and leaves the real FROM line as it was.
#   BuildKit's own parser (in the wheel dockerfile 3.4.0) sees one stage in the same text.
# Output seen: the text under "expected".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
timeout 300 "$work/venv/bin/pip" install -qq --disable-pip-version-check dockerfile-parse==2.0.1 dockerfile==3.4.0

cat > "$work/edit.py" <<'EOF'
import io

import dockerfile
from dockerfile_parse import DockerfileParser

text = """FROM 127.0.0.1:5000/db:1
COPY <<SQL /names.sql
SELECT name
FROM users
SQL
"""
print("BuildKit:", [one.cmd for one in dockerfile.parse_string(text)])
parser = DockerfileParser(fileobj=io.BytesIO())
parser.content = text
print("base image:", parser.baseimage, "| stages:", parser.parent_images)
parser.baseimage = "127.0.0.1:5000/db:2"
print(parser.content)
EOF
cat > "$work/expected" <<'EOF'
BuildKit: ['FROM', 'COPY']
base image: users | stages: ['127.0.0.1:5000/db:1', 'users']
FROM 127.0.0.1:5000/db:1
COPY <<SQL /names.sql
SELECT name
FROM 127.0.0.1:5000/db:2
SQL

EOF
timeout 60 "$work/venv/bin/python" "$work/edit.py" > "$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
