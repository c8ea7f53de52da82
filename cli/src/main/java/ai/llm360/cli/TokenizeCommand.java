package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.zoo.Reference;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 tokenize}: turns text into token ids, or ids into text. */
@Command(name = "tokenize", description = "Shows the tokens of a text, or the text of tokens.")
final class TokenizeCommand extends Verb {

    @Parameters(
            index = "0",
            paramLabel = "REF",
            completionCandidates = ModelNames.class,
            description =
                    ModelNames.REF
                            + " A path may also be that of a tokenizer.json or tokenizer.model.")
    private String reference;

    @Parameters(
            index = "1..*",
            paramLabel = "TEXT",
            description = "The text; several words are joined by spaces.")
    private List<String> words = List.of();

    @Option(names = "--bos", description = "Put the beginning-of-sequence token first.")
    private boolean bos;

    @Option(names = "--eos", description = "Put the end-of-sequence token last.")
    private boolean eos;

    @Option(
            names = "--decode",
            paramLabel = "IDS",
            split = ",",
            description = "Print the text of these ids, such as 1,15043,3186.")
    private long[] ids;

    private record Tokens(String text, List<Long> ids, List<String> tokens) {}

    @Override
    public Integer call() throws ModelNotFoundException, IOException {
        requireTextOrIds();
        try (Tokenizer tokenizer = Tokenizer.open(Reference.resolve(reference))) {
            if (ids == null) {
                String text = String.join(" ", words);
                Tokens tokens = tokens(tokenizer, text, tokenizer.encode(text, bos, eos));
                output.result(tokens, () -> printTable(tokens));
            } else {
                Tokens tokens = tokens(tokenizer, tokenizer.decode(ids), ids);
                output.result(tokens, () -> output.line(tokens.text()));
            }
        }
        return 0;
    }

    private void requireTextOrIds() {
        if (ids == null && words.isEmpty()) {
            throw wrong("Missing text: give TEXT, or ids with --decode");
        }
        if (ids != null && (!words.isEmpty() || bos || eos)) {
            throw wrong("--decode takes the place of TEXT, --bos and --eos");
        }
    }

    private static Tokens tokens(Tokenizer tokenizer, String text, long[] ids) {
        List<Long> boxed = Arrays.stream(ids).boxed().toList();
        return new Tokens(text, boxed, boxed.stream().map(tokenizer::token).toList());
    }

    private void printTable(Tokens tokens) {
        List<List<?>> rows = new ArrayList<>();
        for (int i = 0; i < tokens.ids().size(); i++) {
            rows.add(List.of(tokens.ids().get(i), tokens.tokens().get(i)));
        }
        output.table(List.of("id", "token"), rows);
    }
}
