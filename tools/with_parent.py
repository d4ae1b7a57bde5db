"""Runs a Python module that ends when the process that started it does, however that one ended.

    python tools/with_parent.py MODULE [ARGUMENTS ...]

A killed process takes nobody with it: what it started runs on, holds its port and its pipes. A thread here looks whether
the parent is still there, which also works where a signal would not arrive or is caught.
"""

import os
import signal
import sys
import threading
import time


def end_with(parent, at_once=False):
    """Watches from a thread: once `parent` is no longer this process' parent, SIGTERM, and after 10 s the end.

    at_once: no SIGTERM, for processes whose libraries catch it.
    """

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        if not at_once:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def end_with_starter():
    """end_with for the process that names itself in QDRL_PARENT_PID, if it started this one directly."""
    if os.environ.get("QDRL_PARENT_PID") == str(os.getppid()):
        end_with(os.getppid())


if __name__ == "__main__":
    import runpy

    end_with_starter()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
