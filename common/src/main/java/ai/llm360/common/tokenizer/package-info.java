/**
 * Text to token ids and back, for {@code tokenizer.json} and SentencePiece {@code tokenizer.model}
 * files. {@link ai.llm360.common.tokenizer.Tokenizer#open} is the way in.
 *
 * <p>The native libraries that DJL brings encode; decoding is done here, in Java, because neither
 * library can decode a stream, and because SentencePiece's binding breaks characters outside the
 * Basic Multilingual Plane and aborts the process on an id that it doesn't know.
 *
 * <p>What may not live here: chat templates, truncation, padding, tensors, and any model's name.
 */
package ai.llm360.common.tokenizer;
