package ai.llm360.cli;

import ai.djl.ModelException;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.InfillPrompt;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenStream;
import ai.llm360.zoo.Criteria;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 infill}: fills a gap in a text. */
@Command(
        name = "infill",
        description = {
            "Fills a gap in a text, and prints the middle as it is made.",
            "It takes a model that was trained to: one whose tokenizer has <|fim_prefix|>,"
                    + " <|fim_suffix|> and <|fim_middle|>.",
            "Where an option isn't given, the checkpoint's generation_config.json counts, if there"
                    + " is one, and else the default."
        },
        footer = {
            "",
            "--json prints {\"text\", \"ids\", \"logprobs\", \"finish_reason\", \"prompt_ids\"}, as"
                    + " generate does: of the middle; with --whole, text is the whole."
        })
final class InfillCommand extends Verb {

    @Mixin private ModelOptions model;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "FILE",
            description =
                    "A file in which a mark stands for the gap; - reads it from standard input.")
    private String file;

    @Mixin private InfillOptions gap;

    @Option(
            names = "--order",
            paramLabel = "ORDER",
            description =
                    "Which side the model reads first: psm (prefix, suffix, middle) or spm (suffix,"
                            + " prefix, middle). Default: psm.")
    private InfillPrompt.Order order = InfillPrompt.Order.PSM;

    @Option(
            names = "--no-bos",
            description =
                    "Put no start token before the prefix: it begins within a document, not with"
                            + " one.")
    private boolean withoutBos;

    @Option(
            names = "--whole",
            description = "Print prefix, middle and suffix, and nothing behind them.")
    private boolean whole;

    @Mixin private GenerationOptions how;

    @Override
    public Integer call() throws ModelException, IOException, InterruptedException {
        how.check(spec);
        InfillOptions.Sides sides = gap.read(file, spec);
        InfillPrompt prompt = new InfillPrompt(sides.prefix(), sides.suffix(), order, !withoutBos);
        try (ZooModel<String, String> loaded = model.load()) {
            TextGenerator generator = Criteria.generator(loaded);
            GenerationConfig config = how.toConfig(Criteria.generationConfig(loaded));
            try (TokenStream stream = generator.streamInfill(prompt, config)) {
                GenerationReport report = new GenerationReport(output, generator, stream);
                if (output.json()) {
                    GenerationReport.Result made = report.result();
                    output.json(whole ? made.withText(whole(sides, made.text())) : made);
                } else if (whole) {
                    output.text(sides.prefix());
                    report.print();
                    output.text(sides.suffix());
                } else {
                    report.printLine();
                }
            }
        }
        return 0;
    }

    private static String whole(InfillOptions.Sides sides, String middle) {
        return sides.prefix() + middle + sides.suffix();
    }
}
