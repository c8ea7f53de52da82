package ai.llm360.zoo;

import ai.djl.repository.Metadata;
import ai.llm360.zoo.MetadataJson.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** DJL's metadata of a series: an artifact for each checkpoint, the last of the training first. */
public final class SeriesMetadata {

    private SeriesMetadata() {}

    /**
     * Describes a series to DJL.
     *
     * @param series the checkpoints, at hand or not
     * @return metadata whose artifacts have the properties {@code checkpoint}, and where they are
     *     known {@code revision}, {@code phase}, {@code step} and {@code tokens}; of those that lie
     *     on this machine, the files
     * @throws IOException if a directory can't be listed
     */
    public static Metadata of(CheckpointSeries series) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (ListedCheckpoint checkpoint : series) {
            entries.add(entry(checkpoint));
        }
        Collections.reverse(entries); // DJL takes the first where no filter chooses
        return MetadataJson.of(series.model(), entries);
    }

    private static Entry entry(ListedCheckpoint checkpoint) throws IOException {
        Map<String, String> properties = new LinkedHashMap<>();
        checkpoint
                .published()
                .ifPresent(
                        published -> {
                            properties.put("revision", published.revision());
                            published.phase().ifPresent(n -> properties.put("phase", "" + n));
                        });
        checkpoint.step().ifPresent(n -> properties.put("step", "" + n));
        checkpoint.tokens().ifPresent(n -> properties.put("tokens", "" + n));
        List<MetadataJson.File> files =
                checkpoint.directory().isPresent()
                        ? files(checkpoint.directory().get())
                        : List.of();
        return new Entry(checkpoint.name(), properties, files);
    }

    private static List<MetadataJson.File> files(Path directory) throws IOException {
        List<MetadataJson.File> files = new ArrayList<>();
        try (Stream<Path> paths = Files.list(directory)) {
            for (Path path : (Iterable<Path>) paths.sorted()::iterator) {
                if (Files.isRegularFile(path)) {
                    String name = path.getFileName().toString();
                    files.add(
                            new MetadataJson.File(name, path.toUri().toString(), Files.size(path)));
                }
            }
        }
        return files;
    }
}
