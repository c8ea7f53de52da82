package ai.llm360.analysis.series;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.analysis.memorization.MemorizationResult;
import ai.llm360.analysis.memorization.MemorizationSample;
import ai.llm360.analysis.memorization.MemorizationSamples;
import ai.llm360.analysis.series.MemorizationMatrix.Cell;
import ai.llm360.analysis.series.MemorizationMatrix.Column;
import ai.llm360.analysis.series.MemorizationMatrix.Row;
import ai.llm360.io.internal.Hashes;
import ai.llm360.zoo.Series;
import ai.llm360.zoo.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemorizationMatrixTest {

    @TempDir Path temp;
    private Home home;
    private Path file;

    @BeforeEach
    void open() {
        home = Home.at(temp.resolve("home"));
        file = temp.resolve("results.jsonl");
    }

    @AfterEach
    void close() {
        home.close();
    }

    private static Column column(String name, int seed) {
        Random random = new Random(seed);
        List<MemorizationSample> samples = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            samples.add(
                    new MemorizationSample(
                            i == 0 ? "a" : "b",
                            random.longs(4, 3, 2048).toArray(),
                            random.longs(3, 3, 2048).toArray()));
        }
        return new Column(name, samples);
    }

    private MemorizationMatrix.Builder matrix(Column... columns) {
        return MemorizationMatrix.builder().setColumns(List.of(columns)).optFile(file);
    }

    private static List<String> names(List<Row> rows) {
        return rows.stream().map(Row::checkpoint).toList();
    }

    @Test
    void goes_on_where_it_was_killed_and_redoes_nothing() throws Exception {
        Path results = temp.resolve("results");
        MemorizationMatrix matrix =
                matrix(column("3", 1), column("4", 2)).optResults(results).build();
        List<Row> measured = new ArrayList<>();
        List<Row> first = matrix.measure(Series.of("amber-nano@0..1"), measured::add);
        assertThat(measured).isEqualTo(first);
        assertThat(names(first)).containsExactly("ckpt-000", "ckpt-001");
        Cell cell = first.get(1).cells().get("4");
        assertThat(cell.all())
                .isEqualTo(
                        MemorizationResult.read(results.resolve("result_ckpt-001/data-4.json"))
                                .summary());
        assertThat(cell.sources()).containsOnlyKeys("a", "b");

        String whole = Files.readString(file);
        Files.writeString(file, whole.substring(0, whole.length() - 7)); // killed in its last line
        measured.clear();
        List<Row> all = matrix.measure(Series.of("amber-nano@0..2"), measured::add);
        assertThat(names(measured)).containsExactly("ckpt-001", "ckpt-002");
        assertThat(all.subList(0, 2)).isEqualTo(first);
        assertThat(Files.readString(file)).startsWith(whole).hasLineCount(4);

        measured.clear();
        assertThat(matrix.measure(Series.of("amber-nano@0..2"), measured::add)).isEqualTo(all);
        assertThat(measured).isEmpty();
    }

    @Test
    void a_file_of_something_else_is_refused_and_stays() throws Exception {
        Series one = Series.of("amber-nano@0");
        matrix(column("3", 1)).build().measure(one, row -> {});
        String kept = Files.readString(file);
        for (MemorizationMatrix.Builder other :
                List.of(
                        matrix(column("3", 2)),
                        matrix(column("4", 1)),
                        matrix(column("3", 1)).optIgnoreEos(true))) {
            assertThatThrownBy(() -> other.build().measure(one, row -> {}))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("other samples or settings");
        }
        for (String damage : List.of("{}", "null", "[1", "{\"checkpoint\":\"x\"}")) {
            Files.writeString(file, kept + damage + "\n");
            assertThatThrownBy(() -> matrix(column("3", 1)).build().measure(one, row -> {}))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("results.jsonl:3: damaged");
        }
        for (String stranger : List.of("half a line", "a line\nand another\n")) {
            Files.writeString(file, stranger);
            assertThatThrownBy(() -> matrix(column("3", 1)).build().measure(one, row -> {}))
                    .isInstanceOf(IOException.class);
            assertThat(file).hasContent(stranger);
        }
    }

    @Test
    void the_file_is_as_its_page_says() throws Exception {
        Files.writeString(
                file,
                """
                {"format_version":1,"model":"amber-nano","dtype":null,"ignore_eos":false,"columns":[{"name":"3","samples":3,"prompt":4,"continuation":3,"sha256":"%s"}]}
                {"checkpoint":"ckpt-000","step":86,"tokens":null,"cells":{"3":{"all":{"count":3,"score":0.5,"extractable":0.25},"sources":{}}}}
                """
                        .formatted(
                                Hashes.sha256(
                                        MemorizationSamples.toJsonLines(
                                                column("3", 1).samples()))));
        Row row =
                matrix(column("3", 1)).build().measure(Series.of("amber-nano@0"), one -> {}).get(0);
        assertThat(row.step()).isEqualTo(86);
        assertThat(row.cells().get("3").all())
                .isEqualTo(new MemorizationResult.Summary(3, 0.5, 0.25));
    }

    @Test
    void columns_have_names_of_their_own() {
        assertThatThrownBy(() -> matrix(column("3", 1), column("3", 2)).build())
                .hasMessageContaining("each once");
        assertThatThrownBy(() -> MemorizationMatrix.builder().build())
                .hasMessageContaining("at least one chunk");
    }
}
