#!/usr/bin/env bash
# Guess: BuildKit finds the heredocs of a RUN line where a shell finds them.
# Seen: BuildKit's own Dockerfile parser (0.12.5, in the wheel dockerfile 3.4.0). A blank decides, and
#   against the shell in both directions: `cat << EOF`, which every POSIX shell takes, begins no
#   heredoc, so its lines are read as instructions; `$((1 <<2))`, arithmetic in every POSIX shell,
#   begins one, and the Dockerfile is refused ("unterminated heredoc"). So does a word with `<<` in a
#   shell comment. The rule is: a word of the line that begins with `<<` and goes on. A BuildKit
#   daemon, 0.13.2, answers alike.
# Output seen: the text under "expected".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
timeout 300 "$work/venv/bin/pip" install -qq --disable-pip-version-check dockerfile==3.4.0

cat > "$work/read.py" <<'EOF'
import dockerfile

for text in (
    "RUN cat <<EOF\nhello\nEOF",
    "RUN cat << EOF\nhello\nEOF",
    "RUN echo $((1<<2))",
    "RUN echo $((1 << 2))",
    "RUN echo $((1 <<2))",
    "RUN true # see <<EOF below",
):
    try:
        found = [one.cmd for one in dockerfile.parse_string("FROM scratch\n" + text + "\n")[1:]]
    except dockerfile.GoParseError as error:
        found = error
    print(f"{text!r}: {found}")
EOF
cat > "$work/expected" <<'EOF'
'RUN cat <<EOF\nhello\nEOF': ['RUN']
'RUN cat << EOF\nhello\nEOF': ['RUN', 'hello', 'EOF']
'RUN echo $((1<<2))': ['RUN']
'RUN echo $((1 << 2))': ['RUN']
'RUN echo $((1 <<2))': unterminated heredoc
'RUN true # see <<EOF below': unterminated heredoc
EOF
timeout 60 "$work/venv/bin/python" "$work/read.py" > "$work/seen"
cat "$work/seen"
for shell in 'cat << EOF
hello
EOF' 'echo $((1 <<2))' 'true # see <<EOF below'; do
    sh -c "$shell" > "$work/shell" || { echo "this shell does not take it: $shell" >&2; exit 1; }
done
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
