package ai.llm360.cli;

import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** A prompt or text given as token ids, as {@code --ids 1,15043}. */
final class TokenIds {

    @Option(
            names = "--ids",
            paramLabel = "ID",
            split = ",",
            description =
                    "Token ids in the place of text, such as 1,15043,3186; used as they are. Works"
                            + " without a tokenizer, too.")
    private long[] ids;

    boolean given() {
        return ids != null;
    }

    long[] get(CommandSpec spec) {
        if (Arrays.stream(ids).anyMatch(id -> id < 0)) {
            throw new ParameterException(
                    spec.commandLine(), "--ids: token ids are 0 or more, not " + list());
        }
        return ids;
    }

    private List<Long> list() {
        return Arrays.stream(ids).boxed().toList();
    }
}
