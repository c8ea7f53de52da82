#!/usr/bin/env python3
"""Pretrains a random model on random rows with ./llm360 pretrain and prints its speed as one JSON line.

    train_ours.py --tokens 512 --dtype fp32 [--recompute-layers N]

The same sizes and fields as train_peer.py: the median of the steps but the first, tokens/s from it, and the peak resident
memory of the process. A step is what metrics.jsonl says it took: reading rows, both passes, clipping, AdamW.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import tempfile
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--tokens", type=int, required=True, help="T, the positions of a sequence")
parser.add_argument("--dtype", choices=["fp32", "bf16"], required=True)
parser.add_argument("--recompute-layers", type=int, default=0, help="layers whose activations are computed again instead of kept")
parser.add_argument("--batch", type=int, default=4)
parser.add_argument("--steps", type=int, default=4, help="measured steps, after one that isn't")
parser.add_argument("--vocabulary", type=int, default=32000)
parser.add_argument("--hidden", type=int, default=512)
parser.add_argument("--layers", type=int, default=8)
parser.add_argument("--heads", type=int, default=8)
parser.add_argument("--intermediate", type=int, default=1376)
args = parser.parse_args()

llm360 = Path(__file__).resolve().parent.parent / "llm360"
subprocess.run([llm360, "--version"], check=True, stdout=subprocess.DEVNULL)  # builds
with tempfile.TemporaryDirectory() as name:
    work = Path(name)
    rows = (args.steps + 1) * args.batch
    generator = random.Random(0)
    with open(work / "rows.jsonl", "w") as file:
        for _ in range(rows):
            ids = [generator.randrange(args.vocabulary) for _ in range(args.tokens + 1)]
            file.write(json.dumps({"token_ids": ids, "source": "random"}) + "\n")
    recipe = {
        "name": "speed",
        "model": {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "vocab_size": args.vocabulary,
            "hidden_size": args.hidden,
            "intermediate_size": args.intermediate,
            "num_hidden_layers": args.layers,
            "num_attention_heads": args.heads,
            "max_position_embeddings": args.tokens,
            "rms_norm_eps": 1e-6,
            "rope_theta": 10000.0,
            "hidden_act": "silu",
        },
        "data": {"path": str(work / "data")},
        "prepare": {
            "vocabulary_size": args.vocabulary,
            "row_length": args.tokens + 1,
            "chunks": 1,
            "sources": [{"name": "random", "path": str(work / "rows.jsonl"), "format": "amber_jsonl"}],
        },
        "batch": {"global": args.batch, "micro": args.batch},
        "schedule": {"kind": "constant", "peak": 3e-4, "end": 3e-4, "warmup": 0},
        "precision": args.dtype,
        "recompute_layers": args.recompute_layers,
    }
    (work / "recipe.json").write_text(json.dumps(recipe))
    subprocess.run([llm360, "data", "prepare", work / "recipe.json", "--out", work / "data"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process = subprocess.Popen([llm360, "pretrain", work / "recipe.json", "--out", work / "run"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"llm360 pretrain ended with {os.waitstatus_to_exitcode(status)}")
    steps = [json.loads(line) for line in (work / "run" / "metrics.jsonl").read_text().splitlines()]

seconds = [args.batch * args.tokens / step["tokens_per_second"] for step in steps[1:]]
median = statistics.median(seconds)
print(
    json.dumps(
        {
            "who": "llm360, libtorch 2.7.1" + (f", {args.recompute_layers} layers recomputed" if args.recompute_layers else ""),
            "dtype": args.dtype,
            "tokens": args.tokens,
            "seconds_per_step": round(median, 3),
            "all": [round(s, 2) for s in seconds],
            "tokens_per_second": round(args.batch * args.tokens / median, 1),
            "peak_rss_gb": round(usage.ru_maxrss * 1024 / 1e9, 2),
        }
    )
)
