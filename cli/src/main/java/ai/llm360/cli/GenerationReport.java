package ai.llm360.cli;

import ai.llm360.common.generate.GeneratedToken;
import ai.llm360.common.generate.Generation;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenStream;
import java.util.List;
import java.util.Locale;

/** Reports a continuation: for programs when it has ended, for people as it is made. */
record GenerationReport(Output output, TextGenerator generator, TokenStream stream) {

    /** As {@code --json} prints it; without a tokenizer the text is null. */
    record Result(
            String text,
            List<Long> ids,
            List<Double> logprobs,
            String finishReason,
            List<Long> promptIds) {

        Result withText(String other) {
            return new Result(other, ids, logprobs, finishReason, promptIds);
        }
    }

    /** Runs to the end. */
    Result result() throws InterruptedException {
        while (stream.hasNext()) {
            stream.next();
            stopIfInterrupted();
        }
        Generation made = stream.finish().get(0);
        return new Result(
                generator.hasTokenizer() ? made.text() : null,
                made.ids(),
                made.logProbabilities(),
                made.reason().name().toLowerCase(Locale.ROOT),
                made.promptIds());
    }

    /** Prints text, or ids where there is no tokenizer, and no line's end behind it. */
    void print() throws InterruptedException {
        String space = "";
        while (stream.hasNext()) {
            GeneratedToken token = stream.next();
            output.text(generator.hasTokenizer() ? token.text() : space + token.id());
            space = " ";
            stopIfInterrupted();
        }
    }

    /** Prints as {@link #print} does, and a line's end, also when it is interrupted. */
    void printLine() throws InterruptedException {
        try {
            print();
        } finally {
            output.text("\n");
        }
    }

    private static void stopIfInterrupted() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }
}
