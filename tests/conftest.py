"""One thread for a process; Hypothesis draws the same examples in every run (``--hypothesis-profile=explore`` looks on)."""

import os

from hypothesis import settings

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy is there: each core has its process, and threads would wait
    os.environ.setdefault(threads, "1")

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("repeatable")
