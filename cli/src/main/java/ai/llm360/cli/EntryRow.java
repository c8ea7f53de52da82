package ai.llm360.cli;

import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import ai.llm360.zoo.source.TreeCheckpoint;
import ai.llm360.zoo.source.TreeFile;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Stream;

/** A checkpoint in a list; what isn't known is null. */
record EntryRow(
        String name,
        String repository,
        String revision,
        String commit,
        Object phase,
        Long step,
        Long tokens,
        Double loss,
        Integer chunk,
        String evidence,
        boolean atHand,
        String path,
        Long bytes) {

    private record Column(String header, Function<EntryRow, Object> cell) {}

    static EntryRow of(CheckpointEntry item) {
        Optional<PublishedCheckpoint> published = item.published();
        Optional<TreeCheckpoint> tree = item.tree();
        Integer publishedPhase =
                boxed(published.map(PublishedCheckpoint::phase).orElse(OptionalInt.empty()));
        return new EntryRow(
                item.name(),
                published
                        .map(PublishedCheckpoint::repository)
                        .or(() -> tree.map(TreeCheckpoint::repository))
                        .orElse(null),
                published
                        .map(PublishedCheckpoint::revision)
                        .or(() -> tree.map(TreeCheckpoint::revision))
                        .orElse(null),
                tree.map(TreeCheckpoint::commit).orElse(null),
                publishedPhase == null ? item.phase().orElse(null) : publishedPhase,
                boxed(item.step()),
                boxed(item.tokens()),
                boxed(item.loss()),
                boxed(published.map(PublishedCheckpoint::chunk).orElse(OptionalInt.empty())),
                published.map(p -> p.evidence().name().toLowerCase(Locale.ROOT)).orElse(null),
                item.isHere(),
                item.directory().map(Object::toString).orElse(null),
                tree.map(one -> one.files().stream().mapToLong(TreeFile::size).sum()).orElse(null));
    }

    /** Returns a number; null for one that isn't known. */
    static Integer boxed(OptionalInt value) {
        return value.isPresent() ? value.getAsInt() : null;
    }

    /** Returns a number; null for one that isn't known. */
    static Long boxed(OptionalLong value) {
        return value.isPresent() ? value.getAsLong() : null;
    }

    /** Returns a number; null for one that isn't known. */
    static Double boxed(OptionalDouble value) {
        return value.isPresent() ? value.getAsDouble() : null;
    }

    /** Prints entries as a table, without the columns that none of them fills. */
    static void print(Output output, List<EntryRow> entries, boolean exactTokens) {
        TokenUnit unit =
                exactTokens
                        ? TokenUnit.ONE
                        : TokenUnit.of(entries.stream().map(EntryRow::tokens).toList());
        List<Column> columns =
                Stream.of(
                                new Column("checkpoint", EntryRow::name),
                                new Column("repository", EntryRow::repository),
                                new Column("revision", EntryRow::revision),
                                new Column("phase", EntryRow::phase),
                                new Column("step", EntryRow::step),
                                new Column(unit.header(), entry -> unit.cell(entry.tokens)),
                                new Column(
                                        "loss",
                                        one ->
                                                one.loss == null
                                                        ? null
                                                        : Output.decimal(one.loss, 4)),
                                new Column(
                                        "size",
                                        one ->
                                                one.bytes == null
                                                        ? null
                                                        : ByteSize.format(one.bytes)),
                                new Column("branch", EntryRow::branch),
                                new Column("at hand", entry -> entry.atHand() ? "yes" : "no"))
                        .filter(
                                column ->
                                        entries.stream()
                                                .map(column.cell())
                                                .anyMatch(Objects::nonNull))
                        .toList();
        output.table(
                columns.stream().map(Column::header).toList(),
                entries,
                entry -> entry.cells(columns));
    }

    private List<?> cells(List<Column> columns) {
        return columns.stream()
                .map(column -> Objects.requireNonNullElse(column.cell().apply(this), ""))
                .toList();
    }

    /** A rule needs no word: it holds for all. */
    private Object branch() {
        return "rule".equals(evidence) ? null : evidence;
    }
}
