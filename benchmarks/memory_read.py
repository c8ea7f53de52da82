#!/usr/bin/env python3
"""Measures memory read in GB/s: numpy sums of arrays far larger than the caches, one thread and then --threads.

It bounds decoding: tokens/s ≤ bytes read per second / bytes of weights.
"""
import argparse
import os
import threading
import time

import numpy as np


def read_rate(threads, mib, repeats):
    arrays = [np.ones(mib << 17, dtype=np.int64) for _ in range(threads)]
    best = 0.0
    for _ in range(repeats):
        workers = [threading.Thread(target=array.sum) for array in arrays]
        began = time.perf_counter()
        for w in workers:
            w.start()
        for w in workers:
            w.join()
        best = max(best, sum(a.nbytes for a in arrays) / (time.perf_counter() - began) / 1e9)
    return best


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--mib", type=int, default=1024, help="size of each thread's array")
    p.add_argument("--repeats", type=int, default=5)
    a = p.parse_args()
    for n in sorted({1, a.threads}):
        print(f"{n} thread{'s' * (n > 1)}: {read_rate(n, a.mib, a.repeats):.1f} GB/s (best of {a.repeats})")


if __name__ == "__main__":
    main()
