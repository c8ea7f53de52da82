#!/usr/bin/env python3
"""Writes a synthetic Amber or CrystalCoder checkpoint: random weights under the true names, shapes and sharding.

The real checkpoints are 13.5 GB (bf16) and 27 GB (fp32) downloads; how fast a loader or a forward pass runs does not
depend on the values, so a random one of the same form serves as well and needs no network.

    make_checkpoint.py OUT --layout safetensors --dtype bf16     # as on the main branch: 4.94 + 4.95 + 3.59 GB
    make_checkpoint.py OUT --layout bin --dtype fp32             # as on the ckpt_NNN branches: 9.88 + 9.89 + 7.18 GB
    make_checkpoint.py OUT --model crystalcoder --layout bin --dtype fp32    # 4 shards, 516 tensors with the buffers
    make_checkpoint.py OUT --layers 2 --hidden 64 --intermediate 176 --heads 4 --shard-gb 0.005    # a small one

A tensor's values depend on --seed and its name alone: the bf16 checkpoint is the fp32 one, rounded.
Memory: one tensor for safetensors; one shard for bin, because torch.save wants the whole dictionary.
"""
import argparse
import json
import os
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

BYTES = {"bf16": 2, "fp16": 2, "fp32": 4}
TORCH = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
SAFETENSORS = {"bf16": "BF16", "fp16": "F16", "fp32": "F32"}
CONFIG_DTYPE = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}


def amber_config(a):
    return {
        "_name_or_path": "LLM360/Amber", "architectures": ["LlamaForCausalLM"], "attention_bias": False,
        "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu", "hidden_size": a.hidden,
        "initializer_range": 0.02, "intermediate_size": a.intermediate, "max_position_embeddings": a.context,
        "max_sequence_length": a.context, "model_type": "llama", "num_attention_heads": a.heads,
        "num_hidden_layers": a.layers, "num_key_value_heads": a.heads, "pad_token_id": 0, "pretraining_tp": 1,
        "rms_norm_eps": 1e-06, "rope_scaling": None, "rope_theta": 10000.0, "tie_word_embeddings": False,
        "torch_dtype": CONFIG_DTYPE[a.dtype], "transformers_version": "4.35.2", "use_cache": True,
        "vocab_size": a.vocab,
    }


def crystalcoder_config(a):
    return {
        "architectures": ["CrystalCoderLMHeadModel"], "model_type": "crystalcoder", "activation_function": "swiglu",
        "attn_pdrop": 0.0, "resid_pdrop": 0.0, "embd_pdrop": 0.0, "bos_token_id": 1, "eos_token_id": 2,
        "layer_norm_epsilon": 1e-05, "mup_embeddings_scale": 14.6, "mup_output_alpha": 2.22, "mup_width_scale": 0.0625,
        "mup_scale_qk_dot_by_d": True, "n_embd": a.hidden, "n_head": a.heads, "n_inner": a.intermediate,
        "n_layer": a.layers, "n_positions": a.context, "position_embedding_type": "rotary",
        "rotary_dim": a.hidden // a.heads // 4, "scale_attn_weights": True, "tie_word_embeddings": True,
        "torch_dtype": CONFIG_DTYPE[a.dtype], "use_cache": True, "vocab_size": a.vocab,
    }


# (name, shape) in the order of the original state dict, which decides what falls into which shard.

def amber_tensors(a):
    h, i, v = a.hidden, a.intermediate, a.vocab
    yield "model.embed_tokens.weight", (v, h)
    for n in range(a.layers):
        layer = f"model.layers.{n}."
        for p in "qkvo":
            yield f"{layer}self_attn.{p}_proj.weight", (h, h)
        if a.layout == "bin":  # transformers < 4.32 saved this buffer; loaders must ignore it
            yield f"{layer}self_attn.rotary_emb.inv_freq", (h // a.heads // 2,)
        yield f"{layer}mlp.gate_proj.weight", (i, h)
        yield f"{layer}mlp.up_proj.weight", (i, h)
        yield f"{layer}mlp.down_proj.weight", (h, i)
        yield f"{layer}input_layernorm.weight", (h,)
        yield f"{layer}post_attention_layernorm.weight", (h,)
    yield "model.norm.weight", (h,)
    yield "lm_head.weight", (v, h)


def crystalcoder_tensors(a):
    h, i = a.hidden, a.intermediate
    yield "transformer.wte.weight", (a.vocab, h)
    for n in range(a.layers):
        layer = f"transformer.h.{n}."

        def linear(name, inputs, outputs):
            yield f"{layer}{name}.weight", (inputs, outputs)
            yield f"{layer}{name}.bias", (outputs,)

        yield f"{layer}ln_1.weight", (h,)
        yield f"{layer}ln_1.bias", (h,)
        if a.layout == "bin":  # buffers of the class; loaders must ignore them
            yield f"{layer}attn.bias", (1, 1, a.context, a.context)
            yield f"{layer}attn.masked_bias", ()
        yield from linear("attn.c_attn", h, 3 * h)
        yield from linear("attn.c_proj", h, h)
        yield f"{layer}ln_2.weight", (h,)
        yield f"{layer}ln_2.bias", (h,)
        yield from linear("mlp.c_fc", h, i)
        yield from linear("mlp.c_fc2", h, i)
        yield from linear("mlp.c_proj", i, h)
    yield "transformer.ln_f.weight", (h,)
    yield "transformer.ln_f.bias", (h,)
    if a.layout == "bin":  # the embedding table once more
        yield "lm_head.weight", (a.vocab, h)


MODELS = {"amber": (amber_config, amber_tensors, 11008, 32000),
          "crystalcoder": (crystalcoder_config, crystalcoder_tensors, 10922, 32032)}


def is_mask(name):
    return name.endswith(".attn.bias")


def is_buffer(name):
    return is_mask(name) or name.endswith(("inv_freq", "masked_bias"))


def parameters(name, shape, a):
    """How many parameters a tensor counts: buffers are none, nor is a second copy of the embedding table."""
    copy = name == "lm_head.weight" and a.model == "crystalcoder"
    return 0 if is_buffer(name) or copy else int(np.prod(shape))


def byte_size(name, shape, a):
    return int(np.prod(shape)) * (1 if is_mask(name) else 4 if is_buffer(name) else BYTES[a.dtype])


def values(name, shape, a, threads):
    """The tensor: N(0, 0.02), norms around 1, drawn in blocks that have their own seed so that threads can share."""
    if is_mask(name):
        return torch.ones(shape, dtype=torch.bool).tril()
    if name.endswith("masked_bias"):
        return torch.tensor(-1e4)
    if name == "lm_head.weight" and a.model == "crystalcoder":
        name = "transformer.wte.weight"
    if name.endswith("inv_freq"):
        return 10000.0 ** -(torch.arange(0, 2 * shape[0], 2, dtype=torch.float32) / (2 * shape[0]))
    flat = np.empty(int(np.prod(shape)), dtype=np.float32)
    block = 1 << 22

    def fill(start):
        part = flat[start:start + block]
        np.random.Generator(np.random.SFC64([a.seed, zlib.crc32(name.encode()), start])).standard_normal(
            out=part, dtype=np.float32)
        part *= 0.02
        if "norm" in name or (".ln_" in name and name.endswith("weight")):
            part += 1.0

    list(threads.map(fill, range(0, flat.size, block)))
    return torch.from_numpy(flat).reshape(shape).to(TORCH[a.dtype])


def shards(a):
    """Greedy cut in order, as transformers' save_pretrained did."""
    groups, size, limit = [[]], 0, int(a.shard_gb * 1e9)
    for name, shape in MODELS[a.model][1](a):
        nbytes = byte_size(name, shape, a)
        if size + nbytes > limit and groups[-1]:
            groups.append([])
            size = 0
        groups[-1].append((name, shape, nbytes))
        size += nbytes
    return groups


def write_safetensors(path, group, a, threads):
    """Header by hand, then tensor after tensor: the library's save_file wants all of them at once."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape, nbytes in group:
        header[name] = {"dtype": SAFETENSORS[a.dtype], "shape": list(shape), "data_offsets": [offset, offset + nbytes]}
        offset += nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for name, shape, _ in group:
            out.write(values(name, shape, a, threads).view(torch.uint8).numpy().data)
        out.flush()
        os.fsync(out.fileno())


def write_bin(path, group, a, threads):
    with open(path, "wb") as out:
        torch.save({name: values(name, shape, a, threads) for name, shape, _ in group}, out)
        out.flush()
        os.fsync(out.fileno())


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=Path)
    p.add_argument("--model", choices=list(MODELS), default="amber")
    p.add_argument("--layout", choices=["safetensors", "bin"], default="safetensors")
    p.add_argument("--dtype", choices=list(BYTES), default="bf16")
    p.add_argument("--shard-gb", type=float, help="largest shard in 10^9 bytes; default 5 for 2-byte types, 10 or 8 for fp32")
    p.add_argument("--layers", type=int, default=32)
    p.add_argument("--hidden", type=int, default=4096)
    p.add_argument("--intermediate", type=int, help="default: the true one")
    p.add_argument("--heads", type=int, default=32)
    p.add_argument("--vocab", type=int, help="default: the true one")
    p.add_argument("--context", type=int, default=2048)
    p.add_argument("--seed", type=int, default=360)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    a = p.parse_args()
    config, tensors, intermediate, vocab = MODELS[a.model]
    a.intermediate = a.intermediate or intermediate
    a.vocab = a.vocab or vocab
    if a.shard_gb is None:
        # CrystalCoder's of fp32: as the released index, but for four small tensors at the first shard's end.
        a.shard_gb = 8.0 if (a.model, a.dtype) == ("crystalcoder", "fp32") else 2.5 * BYTES[a.dtype]

    began = time.time()
    a.out.mkdir(parents=True, exist_ok=True)
    (a.out / "config.json").write_text(json.dumps(config(a), indent=2) + "\n")
    stem, ending, write = (("model", "safetensors", write_safetensors) if a.layout == "safetensors"
                           else ("pytorch_model", "bin", write_bin))
    groups, weight_map, total = shards(a), {}, 0
    with ThreadPoolExecutor(a.threads) as threads:
        for k, group in enumerate(groups, 1):
            file = f"{stem}-{k:05d}-of-{len(groups):05d}.{ending}"
            write(a.out / file, group, a, threads)
            weight_map.update({name: file for name, _, _ in group})
            total += sum(nbytes for _, _, nbytes in group)
            print(f"{file}  {len(group)} tensors  {(a.out / file).stat().st_size / 1e9:.2f} GB", flush=True)
    (a.out / f"{stem}.{ending}.index.json").write_text(
        json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}, indent=2) + "\n")
    count = sum(parameters(name, shape, a) for name, shape in tensors(a))
    print(f"{count:,} parameters, {total:,} bytes, {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
