/**
 * Text to token ids and back, for {@code tokenizer.json} and SentencePiece {@code tokenizer.model}
 * files. {@link ai.llm360.common.tokenizer.Tokenizer#open} is the way in; {@link
 * ai.llm360.common.tokenizer.TokenizerTraining} makes a file of texts.
 *
 * <p>Byte-pair encoding as LLaMA, GPT-2 and Llama 3 have it is computed here, in Java, and so is
 * decoding. Other kinds of byte-pair encoding in a {@code tokenizer.json} are encoded by Hugging
 * Face's native library, which reads nothing but a file of checked parts: it aborts the process on
 * some values. What isn't on a list is refused by name.
 *
 * <p>What may not live here: chat templates, truncation, padding, tensors, and any model's name.
 */
package ai.llm360.common.tokenizer;
