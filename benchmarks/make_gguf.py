#!/usr/bin/env python3
"""Writes a synthetic 7B LLaMA in llama.cpp's GGUF container: random Q8_0 blocks under the true tensor names.

Two things are chosen for measuring. The vocabulary's tokens 259… are single characters (from U+4E00 on), so that a text
of such characters encodes to exactly the token ids that the other programs are given. The rows of the head for the
tokens before (specials and bytes) are zero, so that greedy decoding neither ends early nor emits half a character.

    make_gguf.py OUT.gguf                                   # 7.2 GB
    make_gguf.py OUT.gguf --layers 2 --hidden 64 --intermediate 192 --heads 2
"""
import argparse
import os
import struct
import time
from pathlib import Path

import numpy as np

U32, F32, BOOL, STRING, ARRAY = 4, 6, 7, 8, 9  # GGUF value types
I32 = 5
TENSOR_F32, TENSOR_Q8_0 = 0, 8
BLOCK, BLOCK_BYTES, ALIGNMENT = 32, 34, 32  # Q8_0: a float16 scale and 32 int8
SCALE = 0.02 / 73.3  # uniform int8 have a standard deviation of 73.3; weights get 0.02
FIRST_CHARACTER, FIRST_ID = 0x4E00, 259


def character(token_id):
    """CJK ideographs first, then Hangul syllables: 32,164 characters without a surrogate or a combining mark."""
    n = token_id - FIRST_ID
    return chr(FIRST_CHARACTER + n) if n < 0x9FEE - 0x4E00 else chr(0xAC00 + n - (0x9FEE - 0x4E00))


def string(text):
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def pair(key, kind, value):
    packed = {U32: lambda: struct.pack("<I", value), F32: lambda: struct.pack("<f", value),
              BOOL: lambda: struct.pack("<?", value), STRING: lambda: string(value)}[kind]()
    return string(key) + struct.pack("<I", kind) + packed


def array(key, kind, values):
    form = {F32: "<f", I32: "<i"}.get(kind)
    body = b"".join(string(v) if kind == STRING else struct.pack(form, v) for v in values)
    return string(key) + struct.pack("<IIQ", ARRAY, kind, len(values)) + body


def vocabulary(size):
    """Tokens, scores and types (1 normal, 2 unknown, 3 control, 6 byte) of an SPM vocabulary."""
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    tokens += [character(i) for i in range(FIRST_ID, size)]
    scores = [0.0] * FIRST_ID + [-float(i) for i in range(size - FIRST_ID)]
    return tokens, scores, [2, 3, 3] + [6] * 256 + [1] * (size - FIRST_ID)


def metadata(a):
    tokens, scores, types = vocabulary(a.vocab)
    return [
        pair("general.architecture", STRING, "llama"), pair("general.name", STRING, "synthetic-amber"),
        pair("general.file_type", U32, 7), pair("general.quantization_version", U32, 2),
        pair("general.alignment", U32, ALIGNMENT),
        pair("llama.context_length", U32, a.context), pair("llama.embedding_length", U32, a.hidden),
        pair("llama.block_count", U32, a.layers), pair("llama.feed_forward_length", U32, a.intermediate),
        pair("llama.attention.head_count", U32, a.heads), pair("llama.attention.head_count_kv", U32, a.heads),
        pair("llama.attention.layer_norm_rms_epsilon", F32, 1e-6),
        pair("llama.rope.dimension_count", U32, a.hidden // a.heads), pair("llama.rope.freq_base", F32, 10000.0),
        pair("llama.vocab_size", U32, a.vocab),
        pair("tokenizer.ggml.model", STRING, "llama"), array("tokenizer.ggml.tokens", STRING, tokens),
        array("tokenizer.ggml.scores", F32, scores), array("tokenizer.ggml.token_type", I32, types),
        pair("tokenizer.ggml.bos_token_id", U32, 1), pair("tokenizer.ggml.eos_token_id", U32, 2),
        pair("tokenizer.ggml.unknown_token_id", U32, 0), pair("tokenizer.ggml.add_bos_token", BOOL, True),
        pair("tokenizer.ggml.add_eos_token", BOOL, False), pair("tokenizer.ggml.add_space_prefix", BOOL, False),
    ]


def tensors(a):
    """(name, rows, columns); rows 0 means a vector."""
    h, i = a.hidden, a.intermediate
    yield "token_embd.weight", a.vocab, h
    for n in range(a.layers):
        yield f"blk.{n}.attn_norm.weight", 0, h
        for p in ("q", "k", "v", "output"):
            yield f"blk.{n}.attn_{p}.weight", h, h
        yield f"blk.{n}.ffn_norm.weight", 0, h
        yield f"blk.{n}.ffn_gate.weight", i, h
        yield f"blk.{n}.ffn_up.weight", i, h
        yield f"blk.{n}.ffn_down.weight", h, i
    yield "output_norm.weight", 0, h
    yield "output.weight", a.vocab, h


def nbytes(rows, columns):
    return rows * columns // BLOCK * BLOCK_BYTES if rows else columns * 4


def values(name, rows, columns, rng):
    if not rows:
        return (1 + 0.02 * rng.standard_normal(columns, dtype=np.float32)).astype("<f4")
    blocks = np.frombuffer(bytearray(rng.bytes(nbytes(rows, columns))), dtype=np.uint8).reshape(-1, BLOCK_BYTES)
    scales = SCALE * (1 + 0.1 * rng.standard_normal(len(blocks), dtype=np.float32))
    blocks[:, :2] = scales.astype("<f2").view(np.uint8).reshape(-1, 2)
    if name == "output.weight":
        blocks[:FIRST_ID * columns // BLOCK, 2:] = 0
    return blocks


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=Path)
    p.add_argument("--layers", type=int, default=32)
    p.add_argument("--hidden", type=int, default=4096)
    p.add_argument("--intermediate", type=int, default=11008)
    p.add_argument("--heads", type=int, default=32)
    p.add_argument("--vocab", type=int, default=32000)
    p.add_argument("--context", type=int, default=2048)
    p.add_argument("--seed", type=int, default=360)
    a = p.parse_args()
    if a.hidden % BLOCK or a.intermediate % BLOCK:
        p.error(f"Q8_0 needs --hidden and --intermediate in multiples of {BLOCK}")

    began, rng = time.time(), np.random.Generator(np.random.SFC64(a.seed))
    pairs, listed = metadata(a), list(tensors(a))
    infos, offset = [], 0
    for name, rows, columns in listed:
        shape = (columns, rows) if rows else (columns,)  # GGUF names the fastest dimension first
        infos.append(string(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
                     + struct.pack("<IQ", TENSOR_Q8_0 if rows else TENSOR_F32, offset))
        offset += -(-nbytes(rows, columns) // ALIGNMENT) * ALIGNMENT
    head = b"GGUF" + struct.pack("<IQQ", 3, len(listed), len(pairs)) + b"".join(pairs) + b"".join(infos)
    a.out.parent.mkdir(parents=True, exist_ok=True)
    with open(a.out, "wb") as out:
        out.write(head + b"\0" * (-len(head) % ALIGNMENT))
        for name, rows, columns in listed:
            out.write(values(name, rows, columns, rng).data)
            out.write(b"\0" * (-nbytes(rows, columns) % ALIGNMENT))
        out.flush()
        os.fsync(out.fileno())
    print(f"{a.out.name}: {len(listed)} tensors, {a.out.stat().st_size:,} bytes, {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
