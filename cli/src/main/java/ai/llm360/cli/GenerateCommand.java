package ai.llm360.cli;

import ai.djl.ModelException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenStream;
import ai.llm360.zoo.Criteria;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 generate}: continues a text. */
@Command(
        name = "generate",
        description = {
            "Continues a text, and prints the continuation as it is made.",
            "On a terminal the prompt is printed before it; into a pipe or file goes the"
                    + " continuation alone. Without a tokenizer, ids are printed in the place of"
                    + " text.",
            "Where an option isn't given, the checkpoint's generation_config.json counts, if there"
                    + " is one, and else the default.",
            "On a terminal a control character of the text is shown as an escape such as"
                    + " \\u001b; a pipe or file gets it as it is."
        },
        footer = {
            "",
            "--json prints {\"text\", \"ids\", \"logprobs\", \"finish_reason\", \"prompt_ids\"}:"
                    + " text, ids and log-probabilities (in nats) of the continuation alone; the"
                    + " reason is eos, stop, length or context."
        })
final class GenerateCommand extends Verb {

    @Mixin private ModelOptions model;

    @Parameters(
            index = "1..*",
            paramLabel = "PROMPT",
            description =
                    "The text to continue; several words are joined by spaces. Without it, or with"
                            + " -, standard input is read, up to its last line's end.")
    private List<String> words = List.of();

    @Mixin private TokenIds ids;
    @Mixin private GenerationOptions how;

    @Override
    public Integer call() throws ModelException, IOException, InterruptedException {
        if (ids.given() && !words.isEmpty()) {
            throw wrong("--ids takes the place of PROMPT");
        }
        how.check(spec);
        String text = ids.given() ? null : promptText();
        long[] given = ids.given() ? ids.get(spec) : null;
        try (ZooModel<String, String> loaded = model.load()) {
            TextGenerator generator = Criteria.generator(loaded);
            GenerationConfig config = how.toConfig(Criteria.generationConfig(loaded));
            long[] prompt = text == null ? given : generator.encodePrompt(text);
            try (TokenStream stream = generator.streamIds(List.of(prompt), config)) {
                GenerationReport report = new GenerationReport(output, generator, stream);
                if (output.json()) {
                    output.json(report.result());
                } else {
                    if (terminal().interactive() && generator.hasTokenizer()) {
                        output.text(text == null ? generator.tokenizer().decode(prompt) : text);
                    }
                    report.printLine();
                }
            }
        }
        return 0;
    }

    private String promptText() throws IOException {
        boolean standardInput = words.isEmpty() || words.equals(List.of("-"));
        if (!standardInput) {
            return String.join(" ", words);
        }
        if (words.isEmpty() && terminal().interactive()) {
            throw wrong("Missing prompt: give PROMPT, --ids, or - to type it");
        }
        String text = new String(terminal().in().readAllBytes(), StandardCharsets.UTF_8);
        if (text.isEmpty()) {
            throw wrong("Missing prompt: there is none on standard input");
        }
        return text.replaceFirst("\\r?\\n\\z", "");
    }
}
