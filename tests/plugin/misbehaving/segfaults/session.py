"""Dies of SIGSEGV in the middle of a run."""

import os
import signal

from misbehaving import Session


def fault():
    """Dies of SIGSEGV in the middle of a run."""
    os.kill(os.getpid(), signal.SIGSEGV)


def open_session(folder, options):
    return Session(folder, options, fault)
