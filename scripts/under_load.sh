#!/bin/sh
# Whether the tests hold on a busy machine: `make test` several times in a row with busy loops
# beside it, and once more started with SIGINT ignored, as some CI runners start their jobs.
#
#   scripts/under_load.sh [TIMES] [LOOPS]     by default 3 times, 4 loops
#
# On two cores a run takes about 25 minutes. Ends with 1 at the first run that fails.
set -eu
cd "$(dirname "$0")/.."
times=${1:-3}
loops=${2:-4}

pids=""
trap 'kill $pids 2> /dev/null || true' EXIT
while [ "$loops" -gt 0 ]; do
    sh -c 'while :; do :; done' &
    pids="$pids $!"
    loops=$((loops - 1))
done

run=1
while [ "$run" -le "$times" ]; do
    echo "under load: run $run of $times"
    make test || exit 1
    run=$((run + 1))
done
echo "under load: with SIGINT ignored"
(trap '' INT; exec make test)
