package ai.llm360.common.testing;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Path;

/** The values that an original implementation gave for one of the fixtures' tiny models. */
public final class GoldenValues implements AutoCloseable {

    private final Path fixture;
    private final Checkpoint values;
    private final NDManager manager;

    /** Opens a fixture's values, or skips the calling test if it is absent. */
    public GoldenValues(String fixture, NDManager manager) throws IOException {
        this.fixture = Fixtures.shared("fixtures/" + fixture);
        this.manager = manager;
        values = Checkpoint.open(this.fixture.resolve("golden.safetensors"));
    }

    /** Returns one of the fixture's files or directories. */
    public Path path(String name) {
        return fixture.resolve(name);
    }

    public boolean has(String name) {
        return values.tensors().containsKey(name);
    }

    public NDArray floats(String name) throws IOException {
        return manager.create(values.read(name), values.get(name).shape(), DataType.FLOAT32);
    }

    /** Reads int64 values in row-major order. */
    public LongBuffer longs(String name) throws IOException {
        return values.read(name).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
    }

    /** Reads token ids of two dimensions. */
    public long[][] ids(String name) throws IOException {
        Shape shape = values.get(name).shape();
        LongBuffer longs = longs(name);
        long[][] rows = new long[(int) shape.get(0)][(int) shape.get(1)];
        for (long[] row : rows) {
            longs.get(row);
        }
        return rows;
    }

    public static double maxDifference(NDArray actual, NDArray expected) {
        return actual.sub(expected).abs().max().getFloat();
    }

    @Override
    public void close() throws IOException {
        values.close();
    }
}
