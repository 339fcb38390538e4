"""Benchmarks: each prints ratios taken in one run, because absolute times drift from one machine and hour to the next."""
