package ai.llm360.crystalcoder.data;

import ai.llm360.common.data.TokenChunk;
import ai.llm360.io.internal.AtomicDirectory;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.DatasetCreationOptions;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** Writes rows in the layout of CrystalCoder's files: gzip, one sample an HDF5 chunk. */
final class SampleFiles {

    /** jHDF 0.13 writes a dataset from one array and copies it, so twice this much is in memory. */
    private static final long MAX_BYTES = 1 << 26;

    private SampleFiles() {}

    static void write(TokenChunk rows, Path directory) throws IOException {
        int length = rows.rowLength() - 1;
        long perFile = Math.max(1, MAX_BYTES / ((long) CrystalHdf5.PARTS * length * Integer.BYTES));
        try (AtomicDirectory target = AtomicDirectory.begin(directory)) {
            for (long first = 0; first < rows.rows(); first += perFile) {
                String name = String.format(Locale.ROOT, "part-%03d.h5", first / perFile);
                int count = (int) Math.min(perFile, rows.rows() - first);
                write(rows, first, count, target.path().resolve(name));
            }
            target.commit();
        }
    }

    private static void write(TokenChunk rows, long first, int count, Path file)
            throws IOException {
        int length = rows.rowLength() - 1;
        int[][][] samples = new int[count][CrystalHdf5.PARTS][length];
        long[] ids = new long[length + 1];
        float[] mask = new float[length];
        for (int i = 0; i < count; i++) {
            rows.read(first + i, ids, 0);
            rows.readMask(first + i, mask, 0);
            for (int t = 0; t < length; t++) {
                samples[i][0][t] = (int) ids[t];
                samples[i][1][t] = (int) mask[t];
                samples[i][2][t] = (int) ids[t + 1];
            }
        }
        write(samples, file);
    }

    static void write(int[][][] samples, Path file) throws IOException {
        DatasetCreationOptions packed =
                DatasetCreationOptions.builder()
                        .chunkDimensions(1, CrystalHdf5.PARTS, samples[0][0].length)
                        .deflate()
                        .build();
        try (WritableHdfFile hdf = HdfFile.write(file)) {
            hdf.putAttribute(CrystalHdf5.COUNT, (long) samples.length);
            hdf.putDataset(CrystalHdf5.DATASET, samples, packed);
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }
}
