package ai.llm360.crystalcoder.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.data.DataException;
import ai.llm360.common.data.DataManifest;
import ai.llm360.common.data.DataPreparation;
import ai.llm360.common.data.DataRecipe;
import ai.llm360.common.data.DataValidator;
import ai.llm360.common.data.RowFormat;
import ai.llm360.common.data.TokenChunk;
import ai.llm360.common.data.TokenDataset;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrystalHdf5Test {

    private static final int PAD = 32_003;

    @TempDir Path temp;

    /** Three windows of a text that share an id, and a rearranged row; made with h5py 3.16. */
    private Path sample() throws IOException {
        Path file = temp.resolve("sample.h5");
        try (InputStream in = CrystalHdf5Test.class.getResourceAsStream("sample.h5")) {
            Files.copy(in, file);
        }
        return file;
    }

    private DataManifest prepare(String path, int chunks, int vocabularySize) throws IOException {
        String recipe =
                "{vocabulary_size: %d, row_length: 9, chunks: %d, sources: [{name: code, path: '%s', format: crystal_hdf5}]}"
                        .formatted(vocabularySize, chunks, path);
        return prepare(recipe);
    }

    private DataManifest prepare(String recipe) throws IOException {
        return DataPreparation.builder()
                .setRecipe(ConfigTree.parse(recipe).bind(DataRecipe.class, DataRecipe.DEFAULTS))
                .setTarget(temp.resolve("out"))
                .optBase(temp)
                .build()
                .prepare();
    }

    /** A file of three windows of a text that share an id; its parts may be changed. */
    private static int[][][] windows() {
        int[][][] samples = new int[3][3][8];
        for (int i = 0; i < 3; i++) {
            for (int t = 0; t < 8; t++) {
                samples[i][0][t] = 10 + 8 * i + t;
                samples[i][1][t] = 1;
                samples[i][2][t] = 11 + 8 * i + t;
            }
        }
        return samples;
    }

    private Path write(int[][][] samples) throws IOException {
        Path file = temp.resolve("made.h5");
        SampleFiles.write(samples, file);
        return file;
    }

    private static List<String> problems(Path file, int rowLength, int overlap) throws IOException {
        return DataValidator.validate(file, rowLength, 32_032, overlap).problems().stream()
                .map(DataValidator.Problem::problem)
                .toList();
    }

    @Test
    void imports_samples_as_rows_and_masks() throws IOException {
        sample();
        DataManifest manifest = prepare("*.h5", 1, 32_032);
        assertThat(manifest.rowsPerChunk()).containsExactly(4L);
        try (TokenDataset data = TokenDataset.open(temp.resolve("out"));
                TokenChunk chunk = data.openChunk(0)) {
            long[] ids = new long[9];
            float[] mask = new float[8];
            chunk.read(1, ids, 0);
            chunk.readMask(1, mask, 0);
            assertThat(ids).containsExactly(312, 313, 314, 2, 1, 320, 2, 1, 330);
            assertThat(mask).containsOnly(1);
            // The file has padding as the input after 342, and the end token as 342's label.
            chunk.read(3, ids, 0);
            chunk.readMask(3, mask, 0);
            assertThat(ids).containsExactly(32_000, 340, 32_002, 341, 32_001, 342, 2, PAD, PAD);
            assertThat(mask).containsExactly(1, 1, 1, 1, 1, 1, 0, 0);
        }
    }

    @Test
    void files_become_chunks_as_they_are_in_the_order_of_their_numbers() throws IOException {
        for (int number : new int[] {0, 2, 10}) {
            int[][][] samples = Arrays.copyOf(windows(), 1);
            samples[0][0][0] = 1000 + number;
            SampleFiles.write(samples, temp.resolve("data-" + number + ".h5"));
        }
        prepare("*.h5", 0, 2000);
        try (TokenDataset data = TokenDataset.open(temp.resolve("out"))) {
            assertThat(data.chunkCount()).isEqualTo(3);
            long[] ids = new long[9];
            for (int i = 0; i < 3; i++) {
                try (TokenChunk chunk = data.openChunk(i)) {
                    chunk.read(0, ids, 0);
                    assertThat(chunk.hasMask()).isFalse();
                    assertThat(ids[0]).isEqualTo(List.of(1000L, 1002L, 1010L).get(i));
                }
            }
        }
    }

    private String subsetRecipe(String subset) {
        return "{vocabulary_size: 2000, row_length: 9, chunks: 1, sources: [{name: code, path: '*.h5', format: crystal_hdf5, subset: '%s'}]}"
                .formatted(subset);
    }

    @Test
    void a_subset_counts_the_samples_of_all_files() throws IOException {
        for (int number = 0; number < 4; number++) {
            int[][][] samples = windows();
            for (int i = 0; i < 3; i++) {
                samples[i][0][0] = 1000 + 3 * number + i;
            }
            SampleFiles.write(samples, temp.resolve("data-" + number + ".h5"));
        }
        prepare(subsetRecipe("0.0-0.1,0.4-0.75"));
        try (TokenDataset data = TokenDataset.open(temp.resolve("out"));
                TokenChunk chunk = data.openChunk(0)) {
            List<Long> first = new ArrayList<>();
            long[] ids = new long[9];
            for (long row = 0; row < chunk.rows(); row++) {
                chunk.read(row, ids, 0);
                first.add(ids[0] - 1000);
            }
            // Of 12 samples: 0 up to 1.2, 4.8 up to 9.
            assertThat(first).containsExactly(0L, 4L, 5L, 6L, 7L, 8L);
        }
    }

    @Test
    void a_damaged_file_stops_a_subset_that_would_not_read_it() throws IOException {
        SampleFiles.write(windows(), temp.resolve("data-0.h5"));
        Path damaged = Files.writeString(temp.resolve("data-1.h5"), "no samples");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> prepare(subsetRecipe("0.0-0.5")))
                .withMessageStartingWith(damaged + ": not HDF5, or damaged");
    }

    @Test
    void rows_are_written_in_the_same_layout_and_read_back() throws IOException {
        sample();
        prepare("sample.h5", 1, 32_032);
        try (TokenDataset data = TokenDataset.open(temp.resolve("out"));
                TokenChunk chunk = data.openChunk(0)) {
            CrystalHdf5.write(chunk, temp.resolve("hdf5"));
        }
        Path written = temp.resolve("hdf5/part-000.h5");
        assertThat(problems(written, 9, 0)).isEmpty();
        try (HdfFile hdf = new HdfFile(written);
                HdfFile given = new HdfFile(temp.resolve("sample.h5"))) {
            assertThat(hdf.getAttribute("n_examples").getData()).isEqualTo(4L);
            int[][][] expected = (int[][][]) given.getDatasetByPath("data").getData();
            // One id of ours is both label and input where padding begins.
            expected[3][0][6] = 2;
            assertThat((int[][][]) hdf.getDatasetByPath("data").getData()).isDeepEqualTo(expected);
        }
    }

    @Test
    void windows_that_dont_share_an_id_are_named_where_asked_for() throws IOException {
        Path file = sample();
        assertThat(problems(file, 9, 0)).isEmpty();
        assertThat(problems(file, 9, 1))
                .singleElement()
                .asString()
                .startsWith("sample 3: begins with id 32000, expected 2, the last label before");
        assertThat(problems(write(windows()), 9, 1)).isEmpty();
    }

    @Test
    void every_wrong_sample_is_named_and_the_others_are_read() throws IOException {
        int[][][] samples = windows();
        samples[0][2][4] = 99;
        samples[1][1][2] = 7;
        samples[2][0][0] = 40_000;
        assertThat(problems(write(samples), 9, 0))
                .satisfiesExactly(
                        p ->
                                assertThat(p)
                                        .startsWith(
                                                "sample 0: label 99 at position 4, expected 15"),
                        p -> assertThat(p).startsWith("sample 1: mask 7 at position 2, expected 0"),
                        p ->
                                assertThat(p)
                                        .startsWith("sample 2: id 40000, outside the vocabulary"));
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> prepare("made.h5", 1, 32_032))
                .withMessageContaining("made.h5: sample 0: label 99 at position 4");
        assertThat(temp.resolve("out")).doesNotExist();
    }

    @Test
    void labels_that_dont_count_may_be_anything() throws IOException {
        int[][][] samples = windows();
        samples[0][1][3] = 0;
        samples[0][2][3] = -100;
        assertThat(problems(write(samples), 9, 0)).isEmpty();
    }

    @Test
    void files_of_another_shape_or_type_are_named() throws IOException {
        assertThat(problems(write(windows()), 2049, 0))
                .singleElement()
                .asString()
                .startsWith("'data' is of shape [3, 3, 8], expected [n, 3, 2048]");
        Path file = temp.resolve("other.h5");
        try (WritableHdfFile hdf = HdfFile.write(file)) {
            hdf.putDataset("data", new long[2][3][8]);
        }
        assertThat(problems(file, 9, 0))
                .singleElement()
                .asString()
                .startsWith("'data' is of Java's long, expected int32");
        Files.delete(file);
        try (WritableHdfFile hdf = HdfFile.write(file)) {
            hdf.putDataset("tokens", windows());
        }
        assertThat(problems(file, 9, 0))
                .singleElement()
                .asString()
                .startsWith("no dataset 'data': there is [tokens]");
        Files.delete(file);
        try (WritableHdfFile hdf = HdfFile.write(file)) {
            hdf.putAttribute("n_examples", 4L);
            hdf.putDataset("data", windows());
        }
        assertThat(problems(file, 9, 0))
                .singleElement()
                .asString()
                .startsWith("n_examples is 4, but there are 3 samples");
        Files.writeString(file, "no HDF5");
        assertThat(problems(file, 9, 0))
                .singleElement()
                .asString()
                .startsWith("not HDF5, or damaged");
    }

    @Test
    void cut_files_and_damaged_samples_are_problems_never_other_errors() throws IOException {
        byte[] good = Files.readAllBytes(sample());
        Path file = temp.resolve("bad.h5");
        for (int length = 0; length < good.length; length += 97) {
            Files.write(file, Arrays.copyOf(good, length));
            assertThat(problems(file, 9, 0)).as("cut to %d", length).isNotEmpty();
        }
        int packed = 0;
        while (good[packed] != 0x78 || good[packed + 1] != 0x5e) { // a zlib stream of level 4
            packed++;
        }
        byte[] flipped = good.clone();
        flipped[packed + 12] ^= (byte) 0x55;
        Files.write(file, flipped);
        assertThat(problems(file, 9, 0)).singleElement().asString().contains("damaged");
    }

    /**
     * 60,000 samples, 1.4 GiB, of which the file holds the first and the last; h5py leaves out what
     * was never written, and a reader sees zeros there.
     */
    @Test
    void reads_a_file_larger_than_the_heap() throws IOException {
        Path file = temp.resolve("large.h5");
        try (InputStream packed = CrystalHdf5Test.class.getResourceAsStream("large.h5.gz");
                InputStream in = new GZIPInputStream(packed)) {
            Files.copy(in, file);
        }
        assertThat(60_000L * 3 * 2048 * Integer.BYTES)
                .isGreaterThan(Runtime.getRuntime().maxMemory());
        List<Integer> firstIds = new ArrayList<>();
        List<Float> masks = new ArrayList<>();
        new CrystalHdf5()
                .read(
                        file,
                        2049,
                        new RowFormat.Sink() {
                            @Override
                            public void row(long number, int[] ids, float[] mask) {
                                firstIds.add(ids[0]);
                                masks.add(mask[2047]);
                            }

                            @Override
                            public void problem(long number, String problem) throws IOException {
                                throw new IOException(problem);
                            }
                        });
        assertThat(firstIds).hasSize(60_000).startsWith(1, 0, 0).endsWith(0, 0, 2);
        assertThat(masks).startsWith(1f, 0f, 0f).endsWith(0f, 0f, 1f);
    }

    /** The file's index is a tree of one leaf; of its entries, one fewer than before counts. */
    private static void loseLastEntry(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int leaf = text.indexOf("TREE\u0001\u0000");
        assertThat(leaf).isPositive();
        bytes[leaf + 6]--;
        Files.write(file, bytes);
    }

    @Test
    void a_chunk_that_the_index_lost_is_found() throws IOException {
        Path file = sample();
        assertThat(problems(file, 9, 0)).isEmpty();
        loseLastEntry(file);
        assertThat(problems(file, 9, 0))
                .containsExactly(
                        "'data' has no HDF5 chunk at [3, 0, 0]: samples 3 to 3 are lost; copy the"
                                + " file again");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> prepare("*.h5", 1, 32_032))
                .withMessageContaining("sample.h5: 'data' has no HDF5 chunk at [3, 0, 0]");
    }
}
