"""Makes a small model's tokenizer.json from the text that its recipe names. README.md beside each recipe says why.

Usage: python make_tokenizer.py [--special TOKENS.txt] RECIPE.yaml DIRECTORY_OF_JARS OUT/tokenizer.json
"""

import argparse
import hashlib
import io
import json
import pathlib
import re
import sys
import zipfile

import sentencepiece
import yaml

VOCABULARY = 2048
SPACE = "\u2581"


def sources(recipe):
    """The recipe's sources of documents, those of its phases too, each once."""
    recipe = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    parts = [recipe, *(phase or {} for phase in recipe.get("phases", {}).values())]
    found = {}
    for part in parts:
        for source in part.get("prepare", {}).get("sources", []):
            found.setdefault(source["name"], source)
    return found.values()


def jar_name(source):
    """The file that Maven gives an artifact, group:artifact:version[:classifier]."""
    return "-".join(source["maven"].split(":")[1:]) + ".jar"


def expression(glob):
    """A glob of a recipe as a regular expression: ** goes into folders, * doesn't."""
    parts = re.split(r"(\*\*/|\*|\[[^]]*\])", glob)
    meaning = {"**/": "(?:.*/)?", "*": "[^/]*"}
    return re.compile("".join(
        meaning.get(part, part if part.startswith("[") else re.escape(part)) for part in parts))


def documents(source, jars):
    """Yields the texts of a source, in the order of the files' names."""
    content = (jars / jar_name(source)).read_bytes()
    if hashlib.sha256(content).hexdigest() != source["sha256"]:
        sys.exit(f"{jar_name(source)} is not the file that the recipe names")
    globs = [expression(glob) for glob in source["include"]]
    with zipfile.ZipFile(io.BytesIO(content)) as jar:
        for entry in sorted(jar.namelist()):
            if any(glob.fullmatch(entry) for glob in globs):
                text = jar.read(entry).decode("utf-8")
                if source.get("split") != "lines":
                    yield text
                else:
                    matches = map(re.compile(source["pattern"]).fullmatch, text.split("\n"))
                    document = re.sub(r"\$(\d)", r"\\\1", source["document"])
                    yield from (match.expand(document) for match in matches if match)


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


def tokenizer_json(model, special_tokens):
    """The same as Hugging Face's tokenizer.json for LLaMA, but for BOS, which is not added by itself."""
    special = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": i, "content": token, **special} for i, token in enumerate(["<unk>", "<s>", "</s>"])
        ] + [
            {"id": VOCABULARY + i, "content": token, **special} for i, token in enumerate(special_tokens)
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


def main(arguments):
    texts = [text for source in sources(arguments.recipe) for text in documents(source, arguments.jars)]
    model = train(texts)
    special_tokens = arguments.special.read_text(encoding="utf-8").split() if arguments.special else []
    text = json.dumps(tokenizer_json(model, special_tokens), ensure_ascii=False, separators=(",", ":"))
    arguments.target.write_text(text, encoding="utf-8")
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
    parser = argparse.ArgumentParser()
    parser.add_argument("--special", type=pathlib.Path, help="further special tokens, one a line")
    for name in ["recipe", "jars", "target"]:
        parser.add_argument(name, type=pathlib.Path)
    main(parser.parse_args())
