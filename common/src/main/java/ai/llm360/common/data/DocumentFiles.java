package ai.llm360.common.data;

import ai.llm360.common.data.DataRecipe.Split;
import ai.llm360.common.tokenizer.TokenizerTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The documents of files, for a {@link TokenizerTraining}: what a data set's sources are, without a
 * recipe. Each file is read as its name says: text, JSONL, or a jar or zip of texts; gzip is
 * recognised. Blank documents are left out.
 */
public final class DocumentFiles implements TokenizerTraining.Texts {

    private final Builder rules;
    private final List<Path> files = new ArrayList<>();
    private long size;

    private DocumentFiles(Builder rules) throws IOException {
        this.rules = rules;
        for (String given : rules.paths) {
            for (Path file : new SourceFiles(rules.source(given)).find(Path.of(""), given)) {
                files.add(file);
                size += Files.size(file);
            }
        }
    }

    /** Starts a choice of files. */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the bytes of the files together} */
    @Override
    public long size() {
        return size;
    }

    /**
     * {@inheritDoc}
     *
     * @throws DataException if a file isn't what its name says, or no UTF-8; the message names it
     */
    @Override
    public void read(TokenizerTraining.Sink sink) throws IOException {
        for (Path file : files) {
            new DocumentReader(rules.source(file.toString())).read(file, sink::accept);
            sink.advance(Files.size(file));
        }
    }

    /** Says which files, and how documents lie in them. */
    public static final class Builder {

        private List<String> paths = List.of();
        private String field;
        private List<String> include;
        private List<String> exclude;
        private Split split;

        private Builder() {}

        /**
         * Sets where the files are, as in a recipe.
         *
         * @param paths files, directories (with all files in and below them) and globs; relative
         *     ones start at the working directory
         */
        public Builder setPaths(List<String> paths) {
            this.paths = List.copyOf(paths);
            return this;
        }

        /** Sets the field of the text in JSONL. Default: {@code text}. */
        public Builder optField(String name) {
            field = name;
            return this;
        }

        /** Sets globs of the names of files in directories, and of entries. Default: all. */
        public Builder optInclude(List<String> globs) {
            include = globs;
            return this;
        }

        /** Sets globs of the names of files in directories, and of entries, to leave out. */
        public Builder optExclude(List<String> globs) {
            exclude = globs;
            return this;
        }

        /** Sets where a text is divided into documents. Default: nowhere. */
        public Builder optSplit(Split split) {
            this.split = split;
            return this;
        }

        /**
         * Finds the files.
         *
         * @throws DataException if a path or glob matches none
         * @throws IllegalArgumentException if no path was given, or one is none
         */
        public DocumentFiles build() throws IOException {
            if (paths.isEmpty() || paths.stream().anyMatch(String::isBlank)) {
                throw new IllegalArgumentException(
                        "paths of documents are needed, at least one and none blank");
            }
            return new DocumentFiles(this);
        }

        private DataRecipe.Source source(String path) {
            return new DataRecipe.Source(
                    "text",
                    Optional.of(path),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.ofNullable(field),
                    Optional.ofNullable(include),
                    Optional.ofNullable(exclude),
                    Optional.ofNullable(split),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());
        }
    }
}
