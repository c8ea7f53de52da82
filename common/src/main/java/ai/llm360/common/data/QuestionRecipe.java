package ai.llm360.common.data;

import java.util.List;
import java.util.Optional;

/**
 * Says how conversations are made of documents: each document becomes a question with its answer,
 * and questions in a random order become conversations.
 *
 * @param sources where the questions come from
 * @param turns the questions of a conversation, 1 or more; the last one may have fewer
 * @param rounds how often every document is asked about, each time in another conversation and
 *     perhaps in other words
 */
public record QuestionRecipe(List<Source> sources, int turns, int rounds) {

    /** Checks what was given. */
    public QuestionRecipe {
        sources = List.copyOf(sources);
        require(!sources.isEmpty(), "sources has one or more", "none");
        require(turns > 0, "turns is 1 or more", turns);
        require(rounds > 0, "rounds is 1 or more", rounds);
    }

    /**
     * One source of questions. With {@code path} or {@code maven} each place where the pattern
     * matches is a document, which is asked about in one of the questions each round. Without, the
     * source is one answer, and all its questions are asked each round.
     *
     * @param name letters, digits, dots, dashes and underscores
     * @param path a file, a directory or a glob, as in {@link DataRecipe.Source}
     * @param maven the artifact {@code group:artifact:version[:classifier]}, a jar
     * @param sha256 the file's SHA-256, required with {@code maven}
     * @param licence its licence, for the record
     * @param include globs of file or entry names; absent for all
     * @param split where a text is divided; absent for nowhere
     * @param pattern a regular expression; absent where there are no files
     * @param questions the phrasings of the question, with {@code $1} for the pattern's first
     *     group. The first one tells documents apart: of several that give the same, the first
     *     counts
     * @param answer the answer, likewise
     */
    public record Source(
            String name,
            Optional<String> path,
            Optional<String> maven,
            Optional<String> sha256,
            Optional<String> licence,
            Optional<List<String>> include,
            Optional<DataRecipe.Split> split,
            Optional<String> pattern,
            List<String> questions,
            String answer) {

        /** Checks what was given. */
        public Source {
            questions = List.copyOf(questions);
            require(!questions.isEmpty(), "questions has one phrasing or more", "none");
            boolean files = path.isPresent() || maven.isPresent();
            require(
                    files == pattern.isPresent(),
                    "pattern is needed with path or maven, and not without",
                    pattern.isPresent() ? "there" : "absent");
            if (files) {
                documents(name, path, maven, sha256, licence, include, split);
                questions.forEach(question -> PartFilter.of(pattern, Optional.of(question)));
                PartFilter.of(pattern, Optional.of(answer));
            }
        }

        boolean hasFiles() {
            return pattern.isPresent();
        }

        /** {@return the same files as a data set's source, which gives whole parts} */
        DataRecipe.Source documents() {
            return documents(name, path, maven, sha256, licence, include, split);
        }

        private static DataRecipe.Source documents(
                String name,
                Optional<String> path,
                Optional<String> maven,
                Optional<String> sha256,
                Optional<String> licence,
                Optional<List<String>> include,
                Optional<DataRecipe.Split> split) {
            return new DataRecipe.Source(
                    name,
                    path,
                    maven,
                    sha256,
                    licence,
                    Optional.empty(),
                    Optional.empty(),
                    include,
                    Optional.empty(),
                    split,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());
        }
    }

    private static void require(boolean holds, String rule, Object given) {
        if (!holds) {
            throw new IllegalArgumentException("%s, not %s".formatted(rule, given));
        }
    }
}
