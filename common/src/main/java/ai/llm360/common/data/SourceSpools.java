package ai.llm360.common.data;

import ai.llm360.common.data.DataManifest.Input;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The spools of a preparation, by source, in the order in which the sources first appeared. */
final class SourceSpools implements AutoCloseable {

    private static final int MAX_OPEN = 1000;

    private final Path directory;
    private final DataRecipe recipe;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    SourceSpools(Path directory, DataRecipe recipe) {
        this.directory = directory;
        this.recipe = recipe;
    }

    /** A source's spool, what the recipe first said of it, and where its rows come from. */
    record Entry(String name, DataRecipe.Source source, List<Input> inputs, RowSpool spool) {}

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
                            from.source(),
                            new ArrayList<>(),
                            new RowSpool(
                                    directory.resolve(name + ".spool"),
                                    recipe.rowLength(),
                                    from.source().hasRows() ? 0 : recipe.overlap()));
            entries.put(name, entry);
        } else if (!from.source().hasRows() || !entry.source().hasRows()) {
            throw new DataException(
                    from.files().get(0),
                    "source '%s': documents and ready rows can't be of one source; call it another"
                                    .formatted(name)
                            + " name");
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
