#!/bin/sh
# Parts of remote checkpoints, and a checkpoint cast on its way, from a Hub on the loopback that serves
# one directory under every branch. Prints transferred bytes, bytes on disk, seconds and peak RSS.
#
#   benchmarks/partial.sh slices CHECKPOINT TENSOR [COUNT]   one tensor of 4096 rows across COUNT checkpoints (50)
#   benchmarks/partial.sh cast CHECKPOINT WORK               pull --dtype bf16 into WORK, which needs half of the fp32 bytes
set -eu
here=$(cd "$(dirname "$0")" && pwd)
port=${LLM360_BENCH_PORT:-8360}
what=$1
checkpoint=$2
"$here/../llm360" --version >&2 # builds
work=$(mktemp -d)
java "$here/ours/StaticHub.java" "$checkpoint" "$port" > "$work/address" &
server=$!
trap 'kill $server 2> /dev/null || true; rm -rf "$work"' EXIT INT TERM
until [ -s "$work/address" ]; do # hashes of the files come first
    kill -0 $server
    sleep 1
done
HF_ENDPOINT=$(cat "$work/address")
HF_HOME=$work/hf
LLM360_HOME=$work/home
export HF_ENDPOINT HF_HOME LLM360_HOME
case $what in
slices)
    tensor=$3
    count=${4:-50}
    last=$((count - 1))
    /usr/bin/time -v "$here/../llm360" tensor "amber@0..$last" "$tensor" --rows 0..4095 --json \
        > "$work/out" 2> "$work/time" || { cat "$work/time" >&2; exit 1; }
    python3 - "$work/out" << 'PY'
import json, sys
out = json.load(open(sys.argv[1]))
width = {"float32": 4, "bfloat16": 2, "float16": 2}
own = 0
for read in out["checkpoints"]:
    size = width[read["dtype"]]
    for dimension in read["shape"]:
        size *= dimension
    own += size
print(json.dumps({"checkpoints": len(out["checkpoints"]), "slice_bytes": own,
                  "transferred_bytes": out["transferred"], "ratio": round(out["transferred"] / own, 5)}))
PY
    ;;
cast)
    LLM360_HOME=$3
    export LLM360_HOME
    /usr/bin/time -v "$here/../llm360" pull amber@200 --dtype bf16 --json \
        > "$work/out" 2> "$work/time" || { cat "$work/time" >&2; exit 1; }
    cat "$work/out"
    echo "source bytes: $(du -sb "$checkpoint" | cut -f1)"
    echo "bytes on disk, home: $(du -sb "$LLM360_HOME/amber/ckpt-200" | cut -f1), cache: $(du -sb "$HF_HOME" | cut -f1)"
    ;;
*)
    echo "slices or cast, not '$what'" >&2
    exit 2
    ;;
esac
grep -E 'Maximum resident|Elapsed' "$work/time"
