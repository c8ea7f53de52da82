package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.Input;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The spools of a preparation, by source, in the order in which the sources first appeared. */
final class Spools implements AutoCloseable {

    private static final int MAX_OPEN = 1000;

    private final Path directory;
    private final int rowLength;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    Spools(Path directory, int rowLength) {
        this.directory = directory;
        this.rowLength = rowLength;
    }

    /** A source's spool and where its rows come from. */
    record Entry(String name, String licence, List<Input> inputs, RowSpool spool) {}

    /** Returns a source's spool, made when it is first asked for. */
    RowSpool of(String name, SourceInput from) throws IOException {
        Entry entry = entries.get(name);
        if (entry == null) {
            if (entries.size() == MAX_OPEN || !DataRecipe.isName(name)) {
                throw new DataException(
                        from.files().get(0),
                        "source '%s': at most %d sources, named by letters, digits, dots, dashes"
                                        .formatted(name, MAX_OPEN)
                                + " and underscores, can be kept apart");
            }
            entry =
                    new Entry(
                            name,
                            from.source().licence().orElse(null),
                            new ArrayList<>(),
                            new RowSpool(directory.resolve(name + ".spool"), rowLength));
            entries.put(name, entry);
        }
        if (!entry.inputs().containsAll(from.inputs())) {
            entry.inputs().addAll(from.inputs());
        }
        return entry.spool();
    }

    List<Entry> all() {
        return List.copyOf(entries.values());
    }

    @Override
    public void close() throws IOException {
        for (Entry entry : entries.values()) {
            entry.spool().close();
        }
    }
}
