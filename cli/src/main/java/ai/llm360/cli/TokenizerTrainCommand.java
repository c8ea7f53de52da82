package ai.llm360.cli;

import ai.llm360.common.data.DataRecipe;
import ai.llm360.common.data.DocumentFiles;
import ai.llm360.common.tokenizer.TokenizerTraining;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 tokenizer train}: makes a tokenizer of texts. */
@Command(
        name = "train",
        description = {
            "Makes a tokenizer of texts: byte-pair encoding as LLaMA's, or byte-level.",
            "DIR appears whole or not at all: tokenizer.json and the settings beside it, as"
                    + " transformers reads them too. The same texts give the same bytes."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class TokenizerTrainCommand implements Callable<Integer> {

    @Parameters(
            arity = "1..*",
            paramLabel = "SOURCE",
            description =
                    "A file, a directory or a glob: UTF-8 text, JSONL by names in .jsonl or"
                            + " .ndjson, texts in .jar or .zip; all but these also as .gz.")
    private List<String> sources;

    @Option(
            names = "--vocabulary",
            paramLabel = "N",
            required = true,
            description = "The number of tokens, such as 8000.")
    private int vocabulary;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "The directory to make.")
    private Path target;

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private TokenizerTraining.Kind kind = TokenizerTraining.Kind.LLAMA;

    @Option(
            names = "--nfkc",
            description = "Bring texts into Unicode's form NFKC first, then and ever after.")
    private boolean nfkc;

    @Option(
            names = "--coverage",
            paramLabel = "PART",
            description =
                    "The part of the characters that get a token of their own; bytes spell the"
                            + " rarest. Default: ${DEFAULT-VALUE}. Less helps where there are many,"
                            + " as in Chinese.")
    private double coverage = 0.99995;

    @Option(
            names = "--field",
            paramLabel = "NAME",
            description = "The field of the text in JSONL. Default: text.")
    private String field;

    @Option(
            names = "--include",
            paramLabel = "GLOB",
            description =
                    "Take only such files of a directory, or entries, such as **.java. May be"
                            + " repeated.")
    private List<String> include;

    @Option(
            names = "--exclude",
            paramLabel = "GLOB",
            description = "Leave out such files of a directory, or entries. May be repeated.")
    private List<String> exclude;

    @Option(
            names = "--split",
            paramLabel = "WHERE",
            description =
                    "Divide texts into documents: ${COMPLETION-CANDIDATES}. Needed for those of"
                            + " more than 134 million characters.")
    private DataRecipe.Split split;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that count words. Default: one for each processor.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Mixin private Output output;

    private final Terminal terminal;

    TokenizerTrainCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    private record Report(
            String path, int vocabularySize, int merges, int characters, long texts, long words) {}

    @Override
    public Integer call() throws IOException {
        DocumentFiles files =
                DocumentFiles.builder()
                        .setPaths(sources)
                        .optField(field)
                        .optInclude(include)
                        .optExclude(exclude)
                        .optSplit(split)
                        .build();
        try (Meter reading = new Meter(terminal);
                Meter merging = Meter.counting(terminal)) {
            TokenizerTraining.Result made =
                    TokenizerTraining.builder()
                            .setVocabularySize(vocabulary)
                            .setTarget(target)
                            .optKind(kind)
                            .optNfkc(nfkc)
                            .optCharacterCoverage(coverage)
                            .optThreads(threads)
                            .optProgress(reading, merging)
                            .build()
                            .train(files);
            Report report =
                    new Report(
                            target.toString(),
                            made.vocabularySize(),
                            made.merges(),
                            made.characters(),
                            made.texts(),
                            made.words());
            output.result(report, () -> output.line(line(report)));
        }
        return 0;
    }

    private static String line(Report made) {
        return "%s: %d tokens, of which %d are merges; of %d %s with %d different words"
                .formatted(
                        made.path(),
                        made.vocabularySize(),
                        made.merges(),
                        made.texts(),
                        made.texts() == 1 ? "text" : "texts",
                        made.words());
    }
}
