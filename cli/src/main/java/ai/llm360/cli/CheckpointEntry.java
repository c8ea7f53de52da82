package ai.llm360.cli;

import ai.llm360.zoo.ListedCheckpoint;
import ai.llm360.zoo.PublishedCheckpoint;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Stream;

/** A checkpoint in a list; what isn't known is null. */
record CheckpointEntry(
        String name,
        String repository,
        String revision,
        Integer phase,
        Long step,
        Long tokens,
        Integer chunk,
        String evidence,
        boolean atHand,
        String path) {

    private record Column(String header, Function<CheckpointEntry, Object> cell) {}

    static CheckpointEntry of(ListedCheckpoint item) {
        Optional<PublishedCheckpoint> published = item.published();
        return new CheckpointEntry(
                item.name(),
                published.map(PublishedCheckpoint::repository).orElse(null),
                published.map(PublishedCheckpoint::revision).orElse(null),
                boxed(published.map(PublishedCheckpoint::phase).orElse(OptionalInt.empty())),
                boxed(item.step()),
                boxed(item.tokens()),
                boxed(published.map(PublishedCheckpoint::chunk).orElse(OptionalInt.empty())),
                published.map(p -> p.evidence().name().toLowerCase(Locale.ROOT)).orElse(null),
                item.atHand(),
                item.directory().map(Object::toString).orElse(null));
    }

    private static Integer boxed(OptionalInt value) {
        return value.isPresent() ? value.getAsInt() : null;
    }

    private static Long boxed(OptionalLong value) {
        return value.isPresent() ? value.getAsLong() : null;
    }

    /** Prints entries as a table, without the columns that none of them fills. */
    static void print(Output output, List<CheckpointEntry> entries, boolean exactTokens) {
        TokenUnit unit =
                exactTokens
                        ? TokenUnit.ONE
                        : TokenUnit.of(entries.stream().map(CheckpointEntry::tokens).toList());
        List<Column> columns =
                Stream.of(
                                new Column("checkpoint", CheckpointEntry::name),
                                new Column("repository", CheckpointEntry::repository),
                                new Column("revision", CheckpointEntry::revision),
                                new Column("phase", CheckpointEntry::phase),
                                new Column("step", CheckpointEntry::step),
                                new Column(unit.header(), entry -> unit.cell(entry.tokens)),
                                new Column("branch", CheckpointEntry::branch),
                                new Column("at hand", entry -> entry.atHand() ? "yes" : "no"))
                        .filter(
                                column ->
                                        entries.stream()
                                                .map(column.cell())
                                                .anyMatch(Objects::nonNull))
                        .toList();
        output.table(
                columns.stream().map(Column::header).toList(),
                entries.stream().<List<?>>map(entry -> entry.cells(columns)).toList());
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
