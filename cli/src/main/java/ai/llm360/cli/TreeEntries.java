package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.zoo.TreeModels;
import ai.llm360.zoo.tree.Standing;
import ai.llm360.zoo.tree.TreeCheckpoint;
import ai.llm360.zoo.tree.TreeFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The checkpoints of a model in a static tree, for {@code llm360 list}. */
record TreeEntries(List<Entry> checkpoints) {

    /** A checkpoint; what isn't known is null. */
    private record Entry(
            String name,
            String repository,
            String revision,
            String commit,
            String phase,
            Long step,
            Long tokens,
            Double loss,
            long bytes) {

        static Entry of(TreeCheckpoint one) {
            Standing standing = one.standing();
            return new Entry(
                    one.name(),
                    one.repository(),
                    one.revision(),
                    one.commit(),
                    standing.phase().orElse(null),
                    standing.step().isPresent() ? standing.step().getAsLong() : null,
                    standing.tokens().isPresent() ? standing.tokens().getAsLong() : null,
                    standing.loss().isPresent() ? standing.loss().getAsDouble() : null,
                    one.files().stream().mapToLong(TreeFile::size).sum());
        }
    }

    static TreeEntries of(String reference) throws ModelNotFoundException, IOException {
        return new TreeEntries(TreeModels.select(reference).stream().map(Entry::of).toList());
    }

    void print(Output output, boolean exactTokens) {
        TokenUnit unit =
                exactTokens
                        ? TokenUnit.ONE
                        : TokenUnit.of(checkpoints.stream().map(Entry::tokens).toList());
        List<List<?>> rows = new ArrayList<>();
        for (Entry entry : checkpoints) {
            rows.add(
                    List.of(
                            entry.name,
                            entry.phase == null ? "" : entry.phase,
                            entry.step == null ? "" : entry.step,
                            entry.tokens == null ? "" : unit.cell(entry.tokens),
                            entry.loss == null ? "" : Output.decimal(entry.loss, 4),
                            ByteSize.format(entry.bytes)));
        }
        output.table(List.of("checkpoint", "phase", "step", unit.header(), "loss", "size"), rows);
    }
}
