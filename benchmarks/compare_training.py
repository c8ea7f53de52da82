#!/usr/bin/env python3
"""Runs train_ours.py and train_peer.py in turn and writes medians, ratios and the raw lines to results/.

    compare_training.py --python VENV/bin/python [--tokens 512 2048] [--dtypes fp32 bf16] [--runs 3] [--steps 4] [--recompute-layers 3 8]
"""

import argparse
import datetime
import json
import statistics
from pathlib import Path

from compare import machine, run

here = Path(__file__).resolve().parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--python", default="python", help="an interpreter with torch and transformers")
parser.add_argument("--tokens", type=int, nargs="+", default=[512, 2048])
parser.add_argument("--dtypes", nargs="+", default=["fp32", "bf16"])
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--steps", type=int, default=4)
parser.add_argument("--recompute-layers", type=int, nargs="*", default=[], help="measure ours with so many layers recomputed, too")
parser.add_argument("--out", type=Path, help="default: results/training_<date>.md")
args = parser.parse_args()

raw = []
for tokens in args.tokens:
    for dtype in args.dtypes:
        common = f"--tokens {tokens} --dtype {dtype} --steps {args.steps}"
        programs = {"ours": f"{args.python} {here}/train_ours.py {common}"}
        for layers in args.recompute_layers:
            programs[f"ours, {layers} layers recomputed"] = f"{programs['ours']} --recompute-layers {layers}"
        programs["transformers"] = f"{args.python} {here}/train_peer.py {common}"
        for _ in range(args.runs):
            for name, command in programs.items():
                line = run(name, command, 3600)
                print(json.dumps(line), flush=True)
                raw.append(line)

table = ["| T | dtype | program | tokens/s | ratio | peak RSS, GB | ratio |", "|--|--|--|--|--|--|--|"]
for tokens in args.tokens:
    for dtype in args.dtypes:
        lines = [line for line in raw if (line["tokens"], line["dtype"]) == (tokens, dtype)]
        median = lambda name, field: statistics.median(l[field] for l in lines if l["program"] == name)
        for name in dict.fromkeys(line["program"] for line in lines):
            speed, memory = median(name, "tokens_per_second"), median(name, "peak_rss_gb")
            table.append(
                f"| {tokens} | {dtype} | {name} | {speed:.0f} | {speed / median('transformers', 'tokens_per_second'):.2f} "
                f"| {memory:.2f} | {memory / median('transformers', 'peak_rss_gb'):.2f} |")
today = datetime.date.today().isoformat()
out = args.out or here / "results" / f"training_{today}.md"
out.write_text("\n".join([
    "# Training: hidden 512, 8 layers, 8 heads, intermediate 1376, vocabulary 32000, batch 4", "",
    f"{today}, {machine()}", "", *table, "", "Ratios are against transformers. Raw lines, in the order of the runs:", "",
    "```", *(json.dumps(line) for line in raw), "```", ""]))
print("\n".join(table))
