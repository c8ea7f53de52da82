package ai.llm360.common.tokenizer;

import ai.djl.util.Progress;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.Workers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Makes a tokenizer of texts: byte-pair encoding as LLaMA's, or byte-level. {@code
 * docs/formats/tokenizer.md} has the rules.
 *
 * <p>Nothing is drawn: the same texts in the same order give the same bytes, whatever the number of
 * threads. Texts are read once; of them, only words and their counts are kept.
 */
public final class TokenizerTraining {

    /** Kinds of byte-pair encoding. */
    public enum Kind {
        /** Pieces of characters, as SentencePiece makes them for LLaMA; bytes for the rest. */
        LLAMA(16),
        /** Pieces of UTF-8 bytes, within the words of GPT-2's pattern. */
        BYTE_LEVEL(4 * WordCutter.LONGEST);

        private final int longest;

        Kind(int longest) {
            this.longest = longest;
        }

        /** {@inheritDoc} As it is written on a command line. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Texts to learn from. */
    public interface Texts {

        /** {@return their size, in a unit of their own, such as bytes of files} */
        long size();

        /**
         * Reads all texts, one after another.
         *
         * @param sink takes them, and is told what of the size has been read
         * @throws IOException if reading fails, or the sink does
         */
        void read(Sink sink) throws IOException;
    }

    /** Takes texts as they are read. */
    public interface Sink {

        /**
         * Takes a text, such as a document: the words of two texts are never joined.
         *
         * @throws IOException if the training fails
         */
        void accept(String text) throws IOException;

        /** Says that more of the size has been read. */
        void advance(long amount);
    }

    /**
     * Says what a training gave.
     *
     * @param vocabularySize the tokens, as many as were asked for
     * @param merges the tokens that are made of others
     * @param characters the tokens of one character, beside the 256 of bytes
     * @param texts the texts that were read and aren't blank
     * @param words the different words that were counted and not forgotten
     */
    public record Result(int vocabularySize, int merges, int characters, long texts, long words) {}

    private static final int BYTES = 256;
    private static final int LARGEST = 1 << 20;

    private final Kind kind;
    private final int vocabularySize;
    private final boolean nfkc;
    private final double coverage;
    private final int mostWords;
    private final int threads;
    private final Path target;
    private final Optional<Progress> reading;
    private final Optional<Progress> merging;

    private TokenizerTraining(Builder builder) {
        kind = builder.kind;
        vocabularySize = builder.vocabularySize;
        nfkc = builder.nfkc;
        coverage = builder.coverage;
        mostWords = builder.mostWords;
        threads = builder.threads;
        target = builder.target;
        reading = Optional.ofNullable(builder.reading);
        merging = Optional.ofNullable(builder.merging);
    }

    /** Starts a training. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Makes the tokenizer's directory: {@code tokenizer.json}, {@code tokenizer_config.json} and
     * {@code special_tokens_map.json}. An interrupt of the thread ends it.
     *
     * @param texts what is learnt from
     * @throws IllegalArgumentException if there is no text, or too little for the vocabulary, or
     *     more characters in it than the vocabulary has tokens; the message says how many there are
     * @throws IOException if reading or writing fails; nothing is left behind
     */
    public Result train(Texts texts) throws IOException {
        try (AtomicDirectory directory = AtomicDirectory.begin(target);
                Workers workers = new Workers("llm360-tokenizer", threads)) {
            WordCounting counting =
                    new WordCounting(new WordCutter(kind, nfkc), mostWords, workers);
            count(texts, counting);
            List<Piece> alphabet = kind == Kind.LLAMA ? characters(counting.characters()) : bytes();
            int characters = kind == Kind.LLAMA ? alphabet.size() : 0;
            int merges = merges(characters);
            MergeLearner learner = new MergeLearner(alphabet, kind.longest);
            WordSymbols symbols = new WordSymbols(kind, alphabet, learner);
            counting.words().forEach(symbols);
            merging.ifPresent(shown -> shown.reset("Merging", merges));
            List<MergeLearner.Merge> learnt =
                    learner.learn(merges, () -> merging.ifPresent(shown -> shown.increment(1)));
            if (learnt.size() < merges) {
                throw new IllegalArgumentException(
                        ("the text gives a vocabulary of at most %d tokens, not %d: ask for that"
                                        + " many, or give more text")
                                .formatted(
                                        vocabularySize - merges + learnt.size(), vocabularySize));
            }
            new TrainedFiles(kind, nfkc, alphabet, learnt).write(directory.path());
            directory.commit();
            merging.ifPresent(Progress::end);
            return new Result(
                    vocabularySize, merges, characters, counting.texts(), counting.words().size());
        }
    }

    private void count(Texts texts, WordCounting counting) throws IOException {
        reading.ifPresent(shown -> shown.reset("Counting words", texts.size()));
        texts.read(
                new Sink() {
                    @Override
                    public void accept(String text) throws IOException {
                        counting.add(text);
                    }

                    @Override
                    public void advance(long amount) {
                        reading.ifPresent(shown -> shown.increment(amount));
                    }
                });
        counting.finish();
        reading.ifPresent(Progress::end);
        if (counting.texts() == 0) {
            throw new IllegalArgumentException(
                    "there is no text to learn from, or none but of blanks");
        }
    }

    /** Returns the merges that make the vocabulary full. */
    private int merges(int characters) {
        int least = TrainedFiles.SPECIAL_TOKENS.size() + BYTES + characters;
        if (vocabularySize < least) {
            throw new IllegalArgumentException(
                    ("a vocabulary of %d is too small: %d special tokens, 256 bytes and %d"
                                    + " characters of the text are %d; ask for more, or for a"
                                    + " smaller coverage of characters")
                            .formatted(
                                    vocabularySize,
                                    TrainedFiles.SPECIAL_TOKENS.size(),
                                    characters,
                                    least));
        }
        return vocabularySize - least;
    }

    /** Returns the most frequent characters: as many as cover the text, as far as is asked for. */
    private List<Piece> characters(long[] counts) {
        List<Integer> byCount =
                IntStream.range(0, counts.length)
                        .filter(c -> counts[c] > 0)
                        .boxed()
                        .sorted(Comparator.comparing((Integer c) -> -counts[c]))
                        .toList();
        double all = Arrays.stream(counts).sum();
        long covered = 0;
        List<Piece> characters = new ArrayList<>();
        for (int c : byCount) {
            if (covered / all >= coverage) {
                break;
            }
            covered += counts[c];
            characters.add(Piece.ofCharacter(c));
        }
        return characters;
    }

    private static List<Piece> bytes() {
        return IntStream.range(0, BYTES).mapToObj(Piece::ofByte).toList();
    }

    /** Hands words to a learner as the numbers of their symbols. */
    private static final class WordSymbols implements WordCounts.Sink {

        private final MergeLearner learner;
        private final boolean bytes;
        private final int[] ids;
        private final int[] word = new int[4 * WordCutter.LONGEST];

        WordSymbols(Kind kind, List<Piece> alphabet, MergeLearner learner) {
            this.learner = learner;
            bytes = kind == Kind.BYTE_LEVEL;
            ids = new int[Character.MAX_CODE_POINT + 1];
            Arrays.fill(ids, -1);
            for (int id = 0; id < alphabet.size() && !bytes; id++) {
                ids[alphabet.get(id).text().codePointAt(0)] = id;
            }
        }

        @Override
        public void accept(char[] chars, int start, int end, long count) {
            int length = 0;
            if (bytes) {
                String text = new String(chars, start, end - start);
                for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
                    word[length++] = b & 0xFF;
                }
                learner.add(word, 0, length, count);
                return;
            }
            for (int i = start; i < end; ) {
                int c = Character.codePointAt(chars, i, end);
                i += Character.charCount(c);
                if (ids[c] >= 0) {
                    word[length++] = ids[c];
                } else { // its bytes will spell it, and no piece has them in it
                    learner.add(word, 0, length, count);
                    length = 0;
                }
            }
            learner.add(word, 0, length, count);
        }
    }

    /** Says what to make, and of what kind. */
    public static final class Builder {

        private Kind kind = Kind.LLAMA;
        private int vocabularySize;
        private boolean nfkc;
        private double coverage = 0.99995; // LLaMA's
        private int mostWords = 1 << 20;
        private int threads = Runtime.getRuntime().availableProcessors();
        private Path target;
        private Progress reading;
        private Progress merging;

        private Builder() {}

        /**
         * Sets the number of tokens: 3 special ones, 256 bytes, the characters, and merges.
         *
         * @param tokens the number, at most 1,048,576
         */
        public Builder setVocabularySize(int tokens) {
            vocabularySize = tokens;
            return this;
        }

        /**
         * Sets the directory to make.
         *
         * @param directory the directory: absent, or empty
         */
        public Builder setTarget(Path directory) {
            target = directory;
            return this;
        }

        /** Sets the kind of byte-pair encoding. Default: {@link Kind#LLAMA}. */
        public Builder optKind(Kind kind) {
            this.kind = kind;
            return this;
        }

        /**
         * Sets whether texts are brought into the form NFKC of Unicode before anything else, in
         * training and ever after, so that {@code ﬁ} becomes {@code fi}. Default: no; what is
         * decoded then is what was encoded.
         */
        public Builder optNfkc(boolean nfkc) {
            this.nfkc = nfkc;
            return this;
        }

        /**
         * Sets the part of a text's characters that get a token of their own; the rarest are
         * spelled by bytes. Default: 0.99995, LLaMA's. A byte-level tokenizer needs none.
         *
         * @param part above 0, at most 1
         */
        public Builder optCharacterCoverage(double part) {
            coverage = part;
            return this;
        }

        /**
         * Sets the different words that are kept, which bounds the memory: once twice as many were
         * counted, the rarest are forgotten. Default: 1,048,576, for which 1 GB is enough.
         */
        public Builder optMostWords(int words) {
            mostWords = words;
            return this;
        }

        /** Sets how many threads count words. Default: one for each processor. */
        public Builder optThreads(int count) {
            threads = count;
            return this;
        }

        /**
         * Sets what is told of the progress.
         *
         * @param reading is told of the texts that were read, in the unit of their size
         * @param merging is told of the merges that were found after that
         */
        public Builder optProgress(Progress reading, Progress merging) {
            this.reading = reading;
            this.merging = merging;
            return this;
        }

        /**
         * Builds the training.
         *
         * @throws IllegalArgumentException if the target is missing, or a number is out of range
         */
        public TokenizerTraining build() {
            int least = TrainedFiles.SPECIAL_TOKENS.size() + BYTES;
            require(target != null, "a target is needed, the directory to make");
            require(
                    vocabularySize >= least && vocabularySize <= LARGEST,
                    "a vocabulary has %d tokens (%d special ones and 256 bytes) to %d, not %d"
                            .formatted(
                                    least,
                                    TrainedFiles.SPECIAL_TOKENS.size(),
                                    LARGEST,
                                    vocabularySize));
            require(
                    coverage > 0 && coverage <= 1,
                    "the coverage of characters is above 0 and at most 1, not " + coverage);
            require(
                    mostWords > 0 && mostWords <= 1 << 24,
                    "the words that are kept are 1 to 16777216, not " + mostWords);
            require(threads > 0, "at least 1 thread is needed, not " + threads);
            return new TokenizerTraining(this);
        }

        private static void require(boolean holds, String problem) {
            if (!holds) {
                throw new IllegalArgumentException(problem);
            }
        }
    }
}
