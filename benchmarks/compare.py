#!/usr/bin/env python3
"""Runs ours and the peers in turn, each run a fresh process, and writes medians, ratios and the raw lines to a file.

    compare.py --transformers "python transformers_peer.py DIR" --llamacpp "java -cp … LlamaCppPeer FILE ids-512.txt" \\
               --ours "java -cp … Ours DIR --dtype bf16 --json" --warm transformers=DIR --warm llamacpp=FILE --runs 3

A command prints one JSON line (its last line that begins with '{') with first_token_s, open_bind_s,
prefill_tokens_per_s, decode_tokens_per_s, peak_rss_mb and versions; what it lacks is shown as n/a.
Before each run the files named with --warm are read once, so that all start from the page cache; --cold leaves that out
and, as root, drops the cache. A B A B …: a disturbance that lasts hits all alike. To judge it, each line also gets the
load average before and after the run and `cpu_share`: CPU seconds that the process got, of those its wall time offered.
"""
import argparse
import datetime
import json
import os
import platform
import re
import resource
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

FIELDS = ["first_token_s", "open_bind_s", "load_s", "prefill_tokens_per_s", "decode_tokens_per_s", "peak_rss_mb"]
PROGRAMS = ["ours", "transformers", "ours_int8", "ours_int8_prepared", "llamacpp"]
SMALLER_IS_BETTER = {"first_token_s", "open_bind_s", "load_s", "peak_rss_mb"}


def warm(path):
    """Reads a file, or all files of a directory, into the page cache."""
    for file in [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file()):
        with open(file, "rb", buffering=0) as source:
            buffer = bytearray(1 << 24)
            while source.readinto(buffer):
                pass


def drop_caches():
    try:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("1\n")
    except OSError as e:
        print(f"page cache not dropped ({e}): a cold run needs root", file=sys.stderr)


def run(name, command, timeout):
    """One fresh process; its JSON line with what the machine did meanwhile."""
    before, used, began = os.getloadavg()[0], resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    done = subprocess.run(shlex.split(command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=timeout)
    wall, after = time.time() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        sys.exit(f"{name}: exit status {done.returncode}, no JSON line\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return {**json.loads(lines[-1]), "program": name, "wall_s": round(wall, 1),
            "cpu_share": round(cpu / (wall * os.cpu_count()), 2),
            "load_before": round(before, 2), "load_after": round(os.getloadavg()[0], 2)}


def machine():
    info = Path("/proc/cpuinfo").read_text()
    field = lambda key: next((l.split(":", 1)[1].strip() for l in info.splitlines() if l.startswith(key)), "?")
    flags = field("flags").split()
    ram = next(l.split()[1] for l in Path("/proc/meminfo").read_text().splitlines() if l.startswith("MemTotal"))
    present = ", ".join(f"{f} {'yes' if f in flags else 'no'}"
                        for f in ["avx2", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni", "amx_bf16"])
    return (f"{field('model name')} (family {field('cpu family')}, model {field('model')}), {os.cpu_count()} CPUs, "
            f"{int(ram) / 2**20:.1f} GiB, Linux {platform.release()}; {present}")


def cell(value):
    return "n/a" if value is None else f"{value:g}"


def tables(runs, names):
    """Medians, then each other program's median against the first's, above 1 where the first is better."""
    medians = {n: {f: statistics.median(v) if (v := [r[f] for r in runs if r["program"] == n and r.get(f) is not None])
                   else None for f in FIELDS} for n in names}
    label = {n: next(r.get("name", n) for r in runs if r["program"] == n) for n in names}
    prefill = {n: next(r.get("prefill_tokens") for r in runs if r["program"] == n) for n in names}
    out = ["| median | " + " | ".join(label[n] for n in names) + " |", "|--" * (len(names) + 1) + "|"]
    for f in FIELDS:
        out.append(f"| {f} | " + " | ".join(
            cell(medians[n][f]) + (f" ({prefill[n]} tokens)" if f.startswith("prefill") else "") for n in names) + " |")
    if len(names) > 1:
        out += ["", f"| {label[names[0]]} is better by | " + " | ".join(label[n] for n in names[1:]) + " |",
                "|--" * len(names) + "|"]
        for f in FIELDS:
            ratios = []
            for n in names[1:]:
                a, b = medians[names[0]][f], medians[n][f]
                ratios.append("n/a" if not a or not b else f"{b / a if f in SMALLER_IS_BETTER else a / b:.2f}×")
            out.append(f"| {f} | " + " | ".join(ratios) + " |")
    return "\n".join(out)


def result_file(a, began):
    """A name that no earlier result has."""
    a.results.mkdir(parents=True, exist_ok=True)
    stem, k = f"{a.theme}_{a.hardware}_{began:%Y-%m-%d}", 1
    while (out := a.results / (f"{stem}-{k}.md" if k > 1 else f"{stem}.md")).exists():
        k += 1
    return out


def write(out, a, began, commands, runs):
    """Machine, tables, commands (absolute paths cut to their last part) and raw lines."""
    names = [n for n in commands if any(r["program"] == n for r in runs)]
    shown = {n: " ".join(re.sub(r"/[^:]*/", "", w) if w.startswith("/") else w for w in shlex.split(c))
             for n, c in commands.items()}
    out.write_text(
        f"# {a.theme}, {began:%Y-%m-%d %H:%M} UTC\n\n{machine()}\n\n"
        f"{len(runs)} of {a.runs * len(commands)} runs, programs in turn, page cache {'dropped' if a.cold else 'warm'} "
        f"before each. {a.note}\n\n{tables(runs, names)}\n\n"
        "## Commands\n```\n" + "\n".join(f"{n}: {c}" for n, c in shown.items()) + "\n```\n\n"
        "## Raw output\n```\n" + "\n".join(json.dumps(r) for r in runs) + "\n```\n")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--ours", metavar="COMMAND")
    p.add_argument("--ours-int8", metavar="COMMAND")
    p.add_argument("--ours-int8-prepared", metavar="COMMAND", help="of a checkpoint after llm360 prepare")
    p.add_argument("--transformers", metavar="COMMAND")
    p.add_argument("--llamacpp", metavar="COMMAND")
    p.add_argument("--warm", action="append", default=[], metavar="PROGRAM=PATH", help="files to read before its runs")
    p.add_argument("--cold", action="store_true", help="start from a dropped page cache")
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--timeout", type=int, default=1800, help="seconds that one run may take")
    p.add_argument("--theme", default="inference-7b")
    p.add_argument("--hardware", default=f"cpu{os.cpu_count()}", help="short word for the file name")
    p.add_argument("--note", default="", help="a sentence to keep with the result")
    p.add_argument("--results", type=Path, default=Path(__file__).with_name("results"))
    a = p.parse_args()
    commands = {n: c for n in PROGRAMS if (c := getattr(a, n))}
    if not commands:
        p.error("give at least one of --ours, --transformers, --llamacpp")

    began = datetime.datetime.now(datetime.timezone.utc)
    out, runs = result_file(a, began), []
    for k in range(a.runs):
        for name, command in commands.items():
            if a.cold:
                drop_caches()
            for path in [w.split("=", 1)[1] for w in a.warm if w.startswith(name + "=") and not a.cold]:
                warm(Path(path))
            runs.append({"run": k + 1, **run(name, command, a.timeout)})
            print(json.dumps(runs[-1]), flush=True)
            write(out, a, began, commands, runs)  # after each run: what is measured stays, whatever comes
    print(f"\n{tables(runs, list(commands))}\n\nwritten to {out}")


if __name__ == "__main__":
    main()
