#!/usr/bin/env python3
"""Measures Hugging Face transformers on a LLaMA checkpoint directory, from a cold process, and prints one JSON line.

    transformers_peer.py DIR [--dtype bf16] [--threads 2] [--ids-file ids-512.txt] [--prefill-tokens 512] [--new-tokens 64]

first_token_s   from the start of this process to the first greedy token after --prompt-ids
prefill         one forward pass over the first --prefill-tokens ids of the file, head at the last position only
decode          --new-tokens greedy steps with the KV cache after --prompt-ids, one forward pass each, prefill excluded
peak_rss_mb     VmHWM of the process at the end
"""
import argparse
import json
import os
import time
from pathlib import Path


def since_process_start():
    """Seconds since the kernel started this process: interpreter start and imports count."""
    ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(field):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return round(int(line.split()[1]) / 1024)


def ids(text):
    return [int(i) for i in text.replace("\n", " ").replace(",", " ").split()]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("dir", type=Path)
    p.add_argument("--dtype", choices=["bf16", "fp16", "fp32"], default="bf16")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--attention", help="attn_implementation; default: transformers' own choice")
    p.add_argument("--prompt-ids", type=ids, default=[1, 15043, 29892, 590, 1024, 338])
    p.add_argument("--ids-file", type=Path, default=Path(__file__).with_name("ids-512.txt"))
    p.add_argument("--prefill-tokens", type=int, default=512)
    p.add_argument("--new-tokens", type=int, default=64)
    a = p.parse_args()

    began = time.perf_counter()
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    import transformers
    from transformers import LlamaForCausalLM
    import_s = time.perf_counter() - began
    torch.set_num_threads(a.threads)
    transformers.utils.logging.disable_progress_bar()

    began = time.perf_counter()
    options = {"attn_implementation": a.attention} if a.attention else {}
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[a.dtype]
    model = LlamaForCausalLM.from_pretrained(a.dir, dtype=dtype, **options).eval()
    load_s = time.perf_counter() - began

    with torch.inference_mode():
        def step(tokens, cache=None):
            out = model(torch.tensor([tokens]), past_key_values=cache, use_cache=True, logits_to_keep=1)
            return int(out.logits[0, -1].argmax()), out.past_key_values

        first, cache = step(a.prompt_ids)
        first_token_s = since_process_start()

        token, decoded, began = first, [first], time.perf_counter()
        for _ in range(a.new_tokens):
            token, cache = step([token], cache)
            decoded.append(token)
        decode_s = time.perf_counter() - began
        del cache

        prompt = ids(a.ids_file.read_text())[:a.prefill_tokens]
        began = time.perf_counter()
        step(prompt)
        prefill_s = time.perf_counter() - began

    print(json.dumps({
        "name": f"transformers {a.dtype}", "import_s": round(import_s, 2), "load_s": round(load_s, 2),
        "open_bind_s": None, "first_token_s": round(first_token_s, 2), "prefill_tokens": len(prompt),
        "prefill_tokens_per_s": round(len(prompt) / prefill_s, 3), "new_tokens": a.new_tokens,
        "decode_tokens_per_s": round(a.new_tokens / decode_s, 3), "peak_rss_mb": memory_mb("VmHWM"),
        "anon_rss_mb": memory_mb("RssAnon"), "file_rss_mb": memory_mb("RssFile"),
        "attention": model.config._attn_implementation, "tokens": decoded[:8],
        "versions": {"transformers": transformers.__version__, "torch": torch.__version__, "threads": a.threads,
                     "cpu_capability": torch.backends.cpu.get_cpu_capability()},
    }))


if __name__ == "__main__":
    main()
