package ai.llm360.crystalcoder.data;

import ai.llm360.common.data.RowFormat;
import ai.llm360.common.data.TokenChunk;
import io.jhdf.HdfFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The HDF5 files of {@code LLM360/CrystalCoderDatasets}: a dataset {@code data} of int32, (n, 3,
 * T), whose samples are T inputs, their mask and their labels, and an attribute {@code n_examples}.
 *
 * <p>A row of ours has one sequence of T+1 ids for inputs and labels. So a sample's labels must be
 * its inputs shifted by one wherever the mask is 1. At one place the two may differ: where the
 * mask's last run of zeros begins, the label before it is taken and the input, padding whose own
 * prediction doesn't count, is not. Labels where the mask is 0 are not read, but for the last one.
 *
 * <p>{@link java.util.ServiceLoader} finds this format, which recipes call {@code crystal_hdf5}.
 */
public final class CrystalHdf5 implements RowFormat {

    static final String DATASET = "data";
    static final String COUNT = "n_examples";

    /** Samples of T inputs, masks and labels. */
    static final int PARTS = 3;

    /** Creates the format. */
    public CrystalHdf5() {}

    @Override
    public String name() {
        return "crystal_hdf5";
    }

    @Override
    public boolean takes(String fileName) {
        return fileName.endsWith(".h5") || fileName.endsWith(".hdf5");
    }

    /**
     * {@inheritDoc}
     *
     * <p>A few samples at a time are in memory: about 1 MiB, or one HDF5 chunk if that is more. A
     * sample counts as a problem if its mask is neither 0 nor 1 or its labels aren't its inputs
     * shifted; so does an HDF5 chunk that the file's index lacks.
     */
    @Override
    public void read(Path file, int rowLength, Sink sink) throws IOException {
        open(
                file,
                rowLength,
                sink,
                slices -> {
                    slices.forEach(samples(new Sample(rowLength - 1), sink));
                    return 0;
                });
    }

    private static SampleSlices.Sink samples(Sample sample, Sink sink) {
        return new SampleSlices.Sink() {
            @Override
            public void accept(long number, int[][] parts) throws IOException {
                Optional<String> wrong = sample.set(parts[0], parts[1], parts[2]);
                if (wrong.isPresent()) {
                    sink.problem(number, wrong.get());
                } else {
                    sink.row(number, sample.ids(), sample.mask());
                }
            }

            @Override
            public void lost(long first, String problem) throws IOException {
                sink.problem(-1, problem);
            }
        };
    }

    @Override
    public long count(Path file, int rowLength, Sink sink) throws IOException {
        return open(file, rowLength, sink, SampleSlices::count);
    }

    private interface Reading {
        long of(SampleSlices slices) throws IOException;
    }

    private static long open(Path file, int rowLength, Sink sink, Reading reading)
            throws IOException {
        try (HdfFile hdf = new HdfFile(file)) {
            SampleSlices slices = new SampleSlices(hdf);
            Optional<String> problem = slices.problem(rowLength - 1);
            if (problem.isEmpty()) {
                return reading.of(slices);
            }
            sink.problem(-1, problem.get());
        } catch (RuntimeException e) {
            // jHDF trusts what it reads: damage shows as whatever it makes of it.
            sink.problem(-1, "not HDF5, or damaged (%s); copy the file again".formatted(e));
        }
        return 0;
    }

    /**
     * Writes the rows of a file of ours as such files: {@code part-000.h5} and so on.
     *
     * <p>The library can write a dataset only from memory, so a file holds at most 64 MiB of
     * samples; the published ones hold 50,000. Where padding begins, the input is the end token
     * that is the label before it, as our row has one id for both; its prediction is masked.
     *
     * @param directory the directory to make, whole or not at all
     * @throws IOException if writing fails, or something is at the directory
     */
    public static void write(TokenChunk rows, Path directory) throws IOException {
        SampleFiles.write(rows, directory);
    }
}
