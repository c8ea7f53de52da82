"""Trains transformers' LlamaForCausalLM with torch.optim.AdamW on random tokens and prints its speed.

Prints one JSON line: median seconds of a step, tokens/s, peak resident memory. Random weights and tokens serve: neither
speed nor memory depends on their values.
"""

import argparse
import json
import resource
import statistics
import time

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--tokens", type=int, required=True, help="T, the positions of a sequence")
parser.add_argument("--dtype", choices=["fp32", "bf16"], required=True, help="bf16: autocast around float32 weights")
parser.add_argument("--batch", type=int, default=4)
parser.add_argument("--steps", type=int, default=4, help="measured steps, after the warm-up's")
parser.add_argument("--warm-up", type=int, default=1, help="steps that aren't measured")
parser.add_argument("--vocabulary", type=int, default=32000)
parser.add_argument("--hidden", type=int, default=512)
parser.add_argument("--layers", type=int, default=8)
parser.add_argument("--heads", type=int, default=8)
parser.add_argument("--intermediate", type=int, default=1376)
args = parser.parse_args()

torch.manual_seed(0)
model = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=args.vocabulary,
        hidden_size=args.hidden,
        intermediate_size=args.intermediate,
        num_hidden_layers=args.layers,
        num_attention_heads=args.heads,
        max_position_embeddings=args.tokens,
        attn_implementation="sdpa",
        use_cache=False,
    )
)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, betas=(0.9, 0.95), weight_decay=0.1)


def step():
    ids = torch.randint(0, args.vocabulary, (args.batch, args.tokens))
    with torch.autocast("cpu", torch.bfloat16, enabled=args.dtype == "bf16"):
        loss = model(input_ids=ids, labels=ids).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


for _ in range(args.warm_up):
    step()
seconds = []
processor = time.process_time()
for _ in range(args.steps):
    start = time.perf_counter()
    step()
    seconds.append(time.perf_counter() - start)
processor = (time.process_time() - processor) / args.steps
median = statistics.median(seconds)
print(
    json.dumps(
        {
            "who": f"transformers {transformers.__version__}, torch {torch.__version__}",
            "dtype": args.dtype,
            "tokens": args.tokens,
            "seconds_per_step": round(median, 3),
            "processor_seconds_per_step": round(processor, 1),
            "all": [round(s, 2) for s in seconds],
            "tokens_per_second": round(args.batch * args.tokens / median, 1),
            "peak_rss_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 2),
        }
    )
)
