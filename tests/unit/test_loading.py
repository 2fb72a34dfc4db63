"""Slow libraries are imported by one thread at a time, whichever door it comes by."""

import subprocess
import sys

ENTER = """
import sys, threading
sys.setswitchinterval(1e-6)
from envdplan.ground.loading import load
buildkit = "envdplan.clients.buildkit"
names = ["urllib3", "envdplan.clients.docker.client", "grpc", f"{buildkit}.proto.control_pb2"]
start, failures = threading.Barrier(8), []

def enter(number):
    start.wait()
    try:
        for step in range(len(names)):
            load(names[(number + step) % len(names)])
    except BaseException as error:
        failures.append(error)

threads = [threading.Thread(target=enter, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
sys.exit(repr(failures) if failures else 0)
"""


def test_many_threads_enter_by_different_doors() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENTER], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
