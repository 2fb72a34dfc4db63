import subprocess
import sys

SLOW = ("docker", "requests", "ssl", "http.client", "subprocess", "asyncio", "tempfile")


def test_making_an_engine_loads_no_slow_library() -> None:
    program = f"""
import sys
from envdplan.clients.docker import endpoint, engine, exec_stream
engine.Engine(endpoint.resolve({{}}, "unix:///x"))
print([name for name in {SLOW} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
