package ai.llm360.crystalcoder.data;

import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Node;
import io.jhdf.api.dataset.ChunkedDataset;
import io.jhdf.exceptions.HdfException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/** Reads the samples of a file a few at a time. */
final class SampleSlices {

    /** A slice is of whole HDF5 chunks, which are unpacked whole, and about so large. */
    private static final long SLICE_BYTES = 1 << 20;

    private static final long MAX_CHUNK_BYTES = 1 << 27;

    private final HdfFile file;
    private final Node node;

    SampleSlices(HdfFile file) {
        this.file = file;
        node = file.getChildren().get(CrystalHdf5.DATASET);
    }

    /** Takes samples as they are read: inputs, mask and labels. */
    interface Sink {
        void accept(long number, int[][] sample) throws IOException;

        /** Takes samples in a slice that the file doesn't hold. */
        void lost(long first, String problem) throws IOException;
    }

    /** Says what about the file isn't as it should be. */
    Optional<String> problem(int length) {
        if (!(node instanceof Dataset data)) {
            return Optional.of(
                    "no dataset '%s': there is %s; not a file of CrystalCoder's samples"
                            .formatted(CrystalHdf5.DATASET, file.getChildren().keySet()));
        }
        if (data.getJavaType() != int.class) {
            return Optional.of(
                    "'%s' is of Java's %s, expected int32; convert it"
                            .formatted(CrystalHdf5.DATASET, data.getJavaType()));
        }
        int[] shape = data.getDimensions();
        if (shape.length != 3 || shape[1] != CrystalHdf5.PARTS || shape[2] != length) {
            return Optional.of(
                    "'%s' is of shape %s, expected [n, 3, %d]; the row length is to be one more than"
                                    .formatted(CrystalHdf5.DATASET, Arrays.toString(shape), length)
                            + " the last of these");
        }
        Attribute count = file.getAttribute(CrystalHdf5.COUNT);
        if (count != null
                && count.getData() instanceof Number examples
                && examples.longValue() != shape[0]) {
            return Optional.of(
                    "%s is %d, but there are %d samples; copy the file again"
                            .formatted(CrystalHdf5.COUNT, examples.longValue(), shape[0]));
        }
        long chunkBytes = chunkSamples(data) * sampleBytes(data);
        return chunkBytes <= MAX_CHUNK_BYTES
                ? Optional.empty()
                : Optional.of(
                        "its HDF5 chunks of %d bytes are too large to read one by one, expected at"
                                        .formatted(chunkBytes)
                                + " most %d; pack it anew with h5repack -l CHUNK=1x3x%d"
                                        .formatted(MAX_CHUNK_BYTES, length));
    }

    /**
     * Says which samples the file has no bytes for. The library gives zeros in their place, as HDF5
     * means it where a dataset was never written whole; a sample of tokens is.
     *
     * @param first the first sample of an HDF5 chunk
     * @param end one past the last sample
     */
    private static Optional<String> lost(Dataset data, int first, int end) {
        if (!(data instanceof ChunkedDataset chunked)) {
            return Optional.empty();
        }
        int[] shape = data.getDimensions();
        int[] step = chunked.getChunkDimensions();
        for (int i = first; i < end; i += step[0]) {
            for (int j = 0; j < shape[1]; j += step[1]) {
                for (int k = 0; k < shape[2]; k += step[2]) {
                    try {
                        chunked.getRawChunkBuffer(new int[] {i, j, k});
                    } catch (HdfException e) {
                        return Optional.of(
                                "'%s' has no HDF5 chunk at [%d, %d, %d]: samples %d to %d are lost; copy the file again"
                                        .formatted(
                                                CrystalHdf5.DATASET,
                                                i,
                                                j,
                                                k,
                                                i,
                                                Math.min(i + step[0], shape[0]) - 1));
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static long chunkSamples(Dataset data) {
        return data instanceof ChunkedDataset chunked ? chunked.getChunkDimensions()[0] : 1;
    }

    private static long sampleBytes(Dataset data) {
        return (long) CrystalHdf5.PARTS * data.getDimensions()[2] * Integer.BYTES;
    }

    /** Returns how many samples there are; the file must have no {@link #problem}. */
    long count() {
        return ((Dataset) node).getDimensions()[0];
    }

    /** Reads all samples in their order; the file must have no {@link #problem}. */
    void forEach(Sink sink) throws IOException {
        Dataset data = (Dataset) node;
        int[] shape = data.getDimensions();
        long chunk = chunkSamples(data);
        long chunksPerSlice = Math.max(1, SLICE_BYTES / (chunk * sampleBytes(data)));
        int step = Math.toIntExact(Math.min(chunk * chunksPerSlice, shape[0]));
        for (int first = 0; first < shape[0]; first += step) {
            int[] size = {Math.min(step, shape[0] - first), shape[1], shape[2]};
            Optional<String> lost = lost(data, first, first + size[0]);
            if (lost.isPresent()) {
                sink.lost(first, lost.get());
                continue;
            }
            int[][][] slice = (int[][][]) data.getData(new long[] {first, 0, 0}, size);
            for (int i = 0; i < slice.length; i++) {
                sink.accept((long) first + i, slice[i]);
            }
        }
    }
}
