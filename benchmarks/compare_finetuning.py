#!/usr/bin/env python3
"""Fine-tunes on the same rows with ./llm360 finetune and with PEFT or TRL, in turn, and writes results/.

    compare_finetuning.py lora --python VENV/bin/python --model DIR [--runs 3] [--steps 3]    # a 7B base, T = 512, batch 1
    compare_finetuning.py sft --python VENV/bin/python [--runs 3] [--steps 12]                # 58 million, batch 8, random lengths

The rows are conversations of random words: LoRA's fill 512 positions, of which the answer has a third; SFT's have 60 to
512, as conversations differ. DIR is what make_checkpoint.py wrote. Random weights and words serve: speed and memory don't
depend on their values.
"""
import argparse
import datetime
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from compare import machine, run

here = Path(__file__).resolve().parent
llm360 = here.parent / "llm360"


def ours(recipe, out):
    """Trains, and prints the speed as finetune_peer.py does."""
    process = subprocess.Popen([llm360, "finetune", recipe, "--out", out], stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"llm360 finetune ended with {os.waitstatus_to_exitcode(status)}")
    work = Path(recipe).parent
    tokens = [sum(len(row["ids"]) for row in json.loads(line)) for line in open(work / "steps.jsonl")]
    padded = json.loads((work / "padded.json").read_text())
    seconds = [padded / json.loads(line)["tokens_per_second"] for line in open(Path(out) / "metrics.jsonl")]
    first = min(1, len(seconds) - 1)
    print(json.dumps({
        "who": "llm360, libtorch 2.7.1", "seconds_per_step": round(statistics.median(seconds[first:]), 3),
        "all": [round(s, 2) for s in seconds],
        "tokens_per_second": round(sum(tokens[first:]) / sum(seconds[first:]), 1),
        "peak_rss_gb": round(usage.ru_maxrss * 1024 / 1e9, 2)}))


def words(draw, count):
    return " ".join("".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=3)) for _ in range(count))


def conversations(kind, rows, file):
    draw = random.Random(0)
    with open(file, "w") as out:
        for _ in range(rows):
            asked, answered = (100, 100) if kind == "lora" else (draw.randint(5, 100), draw.randint(5, 50))
            turns = [("user", words(draw, asked)), ("assistant", words(draw, answered))]
            out.write(json.dumps({"messages": [{"role": r, "content": t} for r, t in turns]}) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["lora", "sft"])
    parser.add_argument("--python", default="python", help="an interpreter with torch, transformers, peft and trl")
    parser.add_argument("--model", type=Path, help="lora: the base's directory")
    parser.add_argument("--programs", nargs="*", help="only these of the programs")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4, help="the first isn't measured, if there are more")
    parser.add_argument("--out", type=Path, help="default: results/finetuning-KIND_<date>.md")
    args = parser.parse_args()
    lora = args.kind == "lora"
    batch = 1 if lora else 8
    subprocess.run([llm360, "--version"], check=True, stdout=subprocess.DEVNULL)  # builds
    raw = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        conversations(args.kind, args.steps * batch, work / "conversations.jsonl")
        model = json.loads((args.model / "config.json").read_text()) if lora else {
            "model_type": "llama", "vocab_size": 32000, "hidden_size": 512, "intermediate_size": 1376,
            "num_hidden_layers": 8, "num_attention_heads": 8, "max_position_embeddings": 513}
        recipe = {
            "name": "speed", "model": model,
            "prepare": {"kind": "conversations", "files": [str(work / "conversations.jsonl")], "tokenizer": "amber-nano",
                        "template": "vicuna", "row_length": 513},
            "data": {"path": str(work / "data")}, "batch": {"global": batch, "micro": batch},
            "objective": {"kind": "sft"}, "schedule": {"kind": "constant", "peak": 1e-4, "end": 1e-4, "warmup": 0}}
        programs = {}
        for base in ["bf16", "int8"] if lora else [None]:
            page = dict(recipe)
            if lora:
                page |= {"start": {"checkpoint": str(args.model)}, "lora": {"r": 8, "alpha": 16, "base": base},
                         "recompute_layers": model["num_hidden_layers"]}
            path = work / f"{base}.json"
            path.write_text(json.dumps(page))
            programs["ours" + (f", {base}" if lora else "")] = (
                f"{sys.executable} -c \"import sys; sys.path.insert(0, '{here}'); import compare_finetuning as c; "
                f"c.ours('{path}', '{work}/run-{base}-' + str(__import__('os').getpid()))\"")
        subprocess.run([llm360, "data", "prepare", path, "--out", work / "data"], check=True, stdout=subprocess.DEVNULL)
        with open(work / "steps.jsonl", "w") as out:
            for step in range(1, args.steps + 1):
                shown = json.loads(subprocess.run(
                    [llm360, "data", "show", work / "data", "--json", "--step", str(step), "--batch", str(batch)],
                    check=True, capture_output=True, text=True).stdout)["rows"]
                rows = []
                for row in shown:
                    last = max((i for i, learned in enumerate(row["loss_mask"]) if learned), default=0) + 2
                    rows.append({"ids": row["ids"][:last], "learned": [0, *row["loss_mask"]][:last]})
                out.write(json.dumps(rows) + "\n")
        (work / "padded.json").write_text(json.dumps(batch * 512))
        peer = f"{args.python} {here}/finetune_peer.py {args.kind} {work}/steps.jsonl"
        if lora:
            programs["PEFT, bf16"] = f"{peer} --model {args.model}"
            programs["PEFT, bf16, checkpointing"] = f"{peer} --model {args.model} --checkpointing"
        else:
            programs["TRL"] = peer
        if args.programs:
            programs = {name: programs[name] for name in args.programs}
        for _ in range(args.runs):
            for program, command in programs.items():
                raw.append(run(program, command, 3600))
                print(json.dumps(raw[-1]), flush=True)
    table = ["| program | s a step | tokens/s | peak RSS, GB |", "|--|--|--|--|"]
    for program in programs:
        lines = [line for line in raw if line["program"] == program]
        median = [statistics.median(line[f] for line in lines)
                  for f in ("seconds_per_step", "tokens_per_second", "peak_rss_gb")]
        table.append("| {} | {:.2f} | {:.0f} | {:.2f} |".format(program, *median))
    today = datetime.date.today().isoformat()
    out = args.out or here / "results" / f"finetuning-{args.kind}_{today}.md"
    out.write_text("\n".join([
        f"# Fine-tuning, {args.kind}", "", f"{today}, {machine()}", "", *table, "",
        "Medians of runs in turn. Raw lines, in the order of the runs:", "",
        "```", *(json.dumps(line) for line in raw), "```", ""]))
    print("\n".join(table))


if __name__ == "__main__":
    main()
