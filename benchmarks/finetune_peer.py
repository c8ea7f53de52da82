#!/usr/bin/env python3
"""Fine-tunes with PEFT or TRL on the rows of compare_finetuning.py and prints the speed as one JSON line.

    finetune_peer.py lora STEPS.jsonl --model DIR [--checkpointing]   # PEFT 0.21: rank 8 on q_proj and v_proj, frozen bf16 base
    finetune_peer.py sft STEPS.jsonl                                  # TRL 1.13's SFTTrainer, 58 million parameters, fp32

A line of STEPS.jsonl is a step's rows: lists of ids, and for each id whether it is learned. Seconds are those of whole
steps but the first, if there are more; tokens are the rows' own, without padding; memory is the process' peak resident memory.
"""
import argparse
import json
import resource
import statistics
import time

import torch
import transformers

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("kind", choices=["lora", "sft"])
parser.add_argument("steps")
parser.add_argument("--model", help="lora: the base's directory")
parser.add_argument("--checkpointing", action="store_true", help="lora: compute each layer's activations again")
args = parser.parse_args()
steps = [json.loads(line) for line in open(args.steps)]
tokens = [sum(len(row["ids"]) for row in step) for step in steps]
seconds = []


def lora():
    import peft

    model = transformers.AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.bfloat16)
    config = peft.LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    model = peft.get_peft_model(model, config)
    model.config.use_cache = False
    if args.checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.enable_input_require_grads()
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    for step in steps:
        began = time.time()
        ids = torch.tensor([row["ids"] for row in step])
        labels = torch.where(torch.tensor([row["learned"] for row in step]) == 1, ids, -100)
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
        seconds.append(time.time() - began)
    return f"peft {peft.__version__}" + (", checkpointing" if args.checkpointing else "")


def sft():
    import datasets
    import trl

    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=32000, hidden_size=512, intermediate_size=1376, num_hidden_layers=8, num_attention_heads=8,
        max_position_embeddings=513, pad_token_id=0, use_cache=False))
    rows = [row for step in steps for row in step]
    data = datasets.Dataset.from_dict({
        "input_ids": [row["ids"] for row in rows], "completion_mask": [row["learned"] for row in rows]})
    vocabulary = {f"t{i}": i for i in range(32000)}
    inner = transformers.tokenization_utils_tokenizers.TokenizersBackend if hasattr(
        transformers, "tokenization_utils_tokenizers") else transformers.PreTrainedTokenizerFast
    from tokenizers import Tokenizer, models
    tokenizer = inner(tokenizer_object=Tokenizer(models.WordLevel(vocabulary, unk_token="t0")),
                      pad_token="t0", bos_token="t1", eos_token="t2", unk_token="t0")

    class Times(transformers.TrainerCallback):
        def on_step_begin(self, *_, **__):
            self.began = time.time()

        def on_step_end(self, *_, **__):
            seconds.append(time.time() - self.began)

    config = trl.SFTConfig(
        output_dir="/tmp/trl-unused", per_device_train_batch_size=len(steps[0]), max_steps=len(steps), max_length=None,
        learning_rate=3e-4, lr_scheduler_type="constant", bf16=False, fp16=False, gradient_checkpointing=False,
        completion_only_loss=True, save_strategy="no", report_to="none", logging_strategy="no", use_cpu=True,
        disable_tqdm=True, max_grad_norm=1.0)

    class InOrder(trl.SFTTrainer):
        def _get_train_sampler(self, *_):
            return torch.utils.data.SequentialSampler(self.train_dataset)

    InOrder(model=model, args=config, train_dataset=data, processing_class=tokenizer, callbacks=[Times()]).train()
    return f"trl {trl.__version__}, loss {config.loss_type}"


first = min(1, len(steps) - 1)
who = lora() if args.kind == "lora" else sft()
print(json.dumps({
    "who": f"{who}, torch {torch.__version__}, transformers {transformers.__version__}",
    "seconds_per_step": round(statistics.median(seconds[first:]), 3),
    "all": [round(s, 2) for s in seconds],
    "tokens_per_second": round(sum(tokens[first:]) / sum(seconds[first:]), 1),
    "peak_rss_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 2)}))
