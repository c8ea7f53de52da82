package ai.llm360.common.data;

import ai.djl.util.Progress;
import ai.llm360.common.chat.ChatTemplateFiles;
import ai.llm360.common.chat.Packing;
import ai.llm360.common.data.DataManifest.Input;
import ai.llm360.common.data.DataManifest.RowFile;
import ai.llm360.common.data.DataManifest.Source;
import ai.llm360.common.data.LabelledSpool.Item;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Makes a data set of conversations, or of preferences: an ordinary {@link TokenDataset} whose rows
 * have masks, with a {@link ConversationManifest} beside.
 *
 * <p>A row is T+1 ids; a shorter text is filled up with an id that is never learned. The same files
 * and rules give the same bytes. {@code docs/finetuning.md} describes the rules, {@code
 * docs/formats/data.md} the files.
 */
public final class ConversationData {

    private final Builder given;
    private int firstHeldOut; // of questions

    private ConversationData(Builder given) {
        this.given = given;
    }

    /** Starts a preparation. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Makes the data set.
     *
     * @return what was made of what
     * @throws DataException if a file can't be read, or nothing in the files can be learned; the
     *     message names the file and line
     * @throws IllegalArgumentException if the rules don't fit the tokenizer or each other
     * @throws IOException if reading or writing fails; nothing is left behind
     */
    public ConversationManifest prepare() throws IOException {
        try (AtomicDirectory directory = AtomicDirectory.begin(given.target);
                Tokenizer tokenizer = Tokenizer.open(given.tokenizer)) {
            for (String part : List.of("validation", "chunks")) {
                Files.createDirectory(directory.path().resolve(part));
            }
            ConversationManifest made;
            try (LabelledSpool spool =
                    new LabelledSpool(directory.path().resolve("conversations.spool"))) {
                ChatEncoder encoder =
                        new ChatEncoder(given.rules, tokenizer, given.rowLength, spool);
                List<Input> inputs = read(encoder);
                made = write(directory.path(), encoder, spool, inputs, tokenizer);
            }
            Tokenizer.copy(given.tokenizer, directory.path());
            if (given.rules instanceof ConversationRules conversation) {
                ChatTemplateFiles.write(conversation.template(), directory.path());
            }
            made.write(directory.path());
            directory.commit();
            return made;
        }
    }

    private List<Input> read(ChatEncoder encoder) throws IOException {
        if (given.questions != null) {
            Questions questions =
                    Questions.read(
                            given.questions, given.base, Optional.ofNullable(given.downloads));
            firstHeldOut = encoder.add(questions.training(given.heldOut, given.seed));
            encoder.add(questions.heldOut(given.heldOut, given.seed));
            return questions.inputs();
        }
        long bytes = 0;
        for (Path file : given.files) {
            bytes += Files.size(file);
        }
        if (given.progress != null) {
            given.progress.reset("Preparing " + given.target.getFileName(), bytes);
        }
        List<Input> inputs = new ArrayList<>();
        for (Path file : given.files) {
            inputs.add(new Input(file.getFileName().toString(), Hashes.sha256(file)));
            encoder.read(file);
            if (given.progress != null) {
                given.progress.increment(Files.size(file));
            }
        }
        return inputs;
    }

    private ConversationManifest write(
            Path directory,
            ChatEncoder encoder,
            LabelledSpool spool,
            List<Input> inputs,
            Tokenizer tokenizer)
            throws IOException {
        List<Item> items = encoder.chosen();
        if (items.isEmpty()) {
            throw new DataException(
                    given.files.isEmpty() ? given.base : given.files.get(0),
                    "nothing to learn in %d file(s): %s"
                            .formatted(
                                    inputs.size(),
                                    encoder.counts().isEmpty()
                                            ? "they have no record"
                                            : encoder.counts()));
        }
        BitSet heldOut = heldOut(items);
        int vocabulary =
                given.vocabularySize > 0 ? given.vocabularySize : tokenizer.vocabularySize();
        LabelledRows rows =
                new LabelledRows(
                        directory,
                        given.rules.kind(),
                        given.rowLength,
                        vocabulary,
                        padId(tokenizer),
                        spool);
        Packing packing = given.rules.packing();
        RowFile training =
                rows.write("chunks/chunk-000.rows", packing, part(items, heldOut, false));
        Map<String, RowFile> validation =
                heldOut.isEmpty()
                        ? Map.of()
                        : Map.of(
                                given.rules.kind(),
                                rows.write(
                                        "validation/" + given.rules.kind() + ".rows",
                                        packing,
                                        part(items, heldOut, true)));
        Source source =
                new Source(
                        given.rules.kind(),
                        null,
                        inputs,
                        items.size(),
                        items.stream().mapToLong(Item::length).sum(),
                        training.rows(),
                        validation.values().stream().mapToLong(RowFile::rows).sum(),
                        null);
        new DataManifest(
                        DataManifest.FORMAT_VERSION,
                        given.rowLength,
                        vocabulary,
                        tokenizer.eosId().orElse(-1),
                        Hashes.sha256(Tokenizer.file(given.tokenizer)),
                        given.seed,
                        List.of(source),
                        List.of(),
                        Collections.nCopies(given.epochs, training),
                        validation)
                .write(directory);
        return new ConversationManifest(
                ConversationManifest.FORMAT_VERSION,
                given.rules.kind(),
                given.rules.describe(),
                padId(tokenizer),
                given.heldOut,
                encoder.counts());
    }

    /** Never BOS, by which packed texts are told apart. */
    private static long padId(Tokenizer tokenizer) {
        long begin = tokenizer.bosId().orElse(-1);
        for (OptionalLong id : List.of(tokenizer.unknownId(), tokenizer.eosId())) {
            if (id.isPresent() && id.getAsLong() != begin) {
                return id.getAsLong();
            }
        }
        return begin == 0 ? 1 : 0;
    }

    /** Draws the groups that are held out whole: at least one, if any are to be, and not all. */
    private BitSet heldOut(List<Item> items) {
        int[] groups = items.stream().mapToInt(Item::group).distinct().toArray();
        BitSet held = new BitSet();
        if (given.heldOut == 0) {
            return held;
        }
        if (given.questions != null) {
            IntStream.of(groups).filter(group -> group >= firstHeldOut).forEach(held::set);
            return held;
        }
        if (groups.length < 2) {
            throw new IllegalArgumentException(
                    "a part of one conversation can't be held out; give more, or hold none out");
        }
        long count = Math.round(given.heldOut * groups.length);
        count = Math.max(1, Math.min(groups.length - 1, count));
        int[] order = new NumpyRandom(given.seed).permutation(groups.length);
        for (int i = 0; i < count; i++) {
            held.set(groups[order[i]]);
        }
        return held;
    }

    private static List<Item> part(List<Item> items, BitSet heldOut, boolean held) {
        return items.stream().filter(item -> heldOut.get(item.group()) == held).toList();
    }

    /** Says what to make of what. */
    public static final class Builder {

        private List<Path> files = List.of();
        private QuestionRecipe questions;
        private Path base = Path.of("");
        private MavenArtifact.Downloads downloads;
        private ChatRules rules;
        private Path tokenizer;
        private Path target;
        private int rowLength;
        private int vocabularySize;
        private double heldOut;
        private long seed;
        private int epochs = 1;
        private Progress progress;

        private Builder() {}

        /** Sets the files, which are read in this order; {@link ConversationFiles} reads them. */
        public Builder setFiles(List<Path> files) {
            this.files = List.copyOf(files);
            return this;
        }

        /**
         * Sets the sources of questions in the place of files: whole documents of them are held
         * out, and what is held out is asked about once.
         *
         * @param recipe the questions
         * @param base what relative paths of sources start from
         */
        public Builder setQuestions(QuestionRecipe recipe, Path base) {
            questions = recipe;
            this.base = base;
            return this;
        }

        /** Sets where Maven artifacts lie, as {@link DataPreparation.Builder#optCache} does. */
        public Builder optCache(Path cache) {
            downloads = new MavenArtifact.Downloads(cache, Optional.empty());
            return this;
        }

        /**
         * Allows Maven artifacts to be downloaded, as {@link DataPreparation.Builder#optDownloads}
         * does.
         *
         * @param cache the directory that keeps them
         * @param announce is told of each download before it begins
         */
        public Builder optDownloads(Path cache, Consumer<URI> announce) {
            downloads = new MavenArtifact.Downloads(cache, Optional.of(announce));
            return this;
        }

        /** Sets the rules: {@link ConversationRules} or {@link PreferenceRules}. */
        public Builder setRules(ChatRules rules) {
            this.rules = rules;
            return this;
        }

        /** Sets the model's tokenizer, a directory or file; its files are copied. */
        public Builder setTokenizer(Path path) {
            tokenizer = path;
            return this;
        }

        /** Sets the directory to make: absent, or empty. */
        public Builder setTarget(Path directory) {
            target = directory;
            return this;
        }

        /** Sets the ids of a row, T+1: what is longer is parted or cut. */
        public Builder setRowLength(int length) {
            rowLength = length;
            return this;
        }

        /** Sets the size of the model's vocabulary. Default: the tokenizer's. */
        public Builder optVocabularySize(int size) {
            vocabularySize = size;
            return this;
        }

        /**
         * Sets the fraction of conversations (of prompts, for preferences) to hold out for
         * validation. Default: 0.
         */
        public Builder optHeldOut(double fraction) {
            heldOut = fraction;
            return this;
        }

        /** Sets what decides which are held out, 0 to 2^32 - 1. Default: 0. */
        public Builder optSeed(long seed) {
            this.seed = seed;
            return this;
        }

        /**
         * Sets how many times the data set lists its one chunk, so that training goes through it as
         * often, each time in an order of its own. Default: 1.
         */
        public Builder optEpochs(int count) {
            epochs = count;
            return this;
        }

        /** Sets what is told of the progress, in bytes of the files read. */
        public Builder optProgress(Progress progress) {
            this.progress = progress;
            return this;
        }

        /**
         * Builds the preparation.
         *
         * @throws IllegalArgumentException if something is missing or impossible
         */
        public ConversationData build() {
            boolean sources = files.isEmpty() != (questions == null);
            if (!sources || rules == null || tokenizer == null || target == null) {
                throw new IllegalArgumentException(
                        "files or questions, one of the two, rules, a tokenizer and a target are"
                                + " needed");
            }
            if (rowLength < 2 || rowLength > RowHeader.MAX_ROW_LENGTH) {
                throw new IllegalArgumentException(
                        "a row has 2 to %d ids, not %d"
                                .formatted(RowHeader.MAX_ROW_LENGTH, rowLength));
            }
            if (!(heldOut >= 0 && heldOut < 1) || epochs < 1) {
                throw new IllegalArgumentException(
                        "a fraction from 0 to below 1 is held out, and epochs are 1 or more, not %s and %d"
                                .formatted(heldOut, epochs));
            }
            return new ConversationData(this);
        }
    }
}
