package ai.llm360.common.checkpoint;

import ai.djl.util.Progress;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Writes one safetensors file: an 8-byte little-endian length, the JSON header padded with spaces
 * to a multiple of 8 as the reference writer does, and the tensors' bytes without gaps.
 */
final class SafetensorsFile {

    private SafetensorsFile() {}

    /** Writes the file and forces it to disk. */
    static void write(
            Path file,
            List<TensorSpec> tensors,
            Map<String, String> metadata,
            TensorSource source,
            Progress progress)
            throws IOException {
        try (BlockFile out = BlockFile.create(file)) {
            out.write(header(tensors, metadata));
            for (TensorSpec tensor : tensors) {
                CountedChannel channel = new CountedChannel(out, tensor, progress);
                source.write(tensor, channel);
                channel.finish();
            }
            out.finish();
        }
    }

    private static ByteBuffer header(List<TensorSpec> tensors, Map<String, String> metadata)
            throws IOException {
        StringWriter text = new StringWriter();
        JsonWriter json = new JsonWriter(text);
        json.beginObject();
        json.name(SafetensorsHeader.METADATA).beginObject();
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
            json.name(entry.getKey()).value(entry.getValue());
        }
        json.endObject();
        long at = 0;
        for (TensorSpec tensor : tensors) {
            json.name(tensor.name()).beginObject();
            json.name("dtype").value(tensor.type().name());
            json.name("shape").beginArray();
            for (long dimension : tensor.shape().getShape()) {
                json.value(dimension);
            }
            json.endArray();
            json.name("data_offsets").beginArray();
            json.value(at);
            at = Math.addExact(at, tensor.byteLength());
            json.value(at);
            json.endArray().endObject();
        }
        json.endObject().flush();
        // An encoder of its own, since String.getBytes would turn half a surrogate pair into '?'.
        ByteBuffer utf8 =
                StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text.getBuffer()));
        int padded = (utf8.remaining() + 7) / 8 * 8;
        if (padded > SafetensorsHeader.MAX_BYTES) {
            throw new IOException(
                    "a header of "
                            + padded
                            + " bytes passes the "
                            + SafetensorsHeader.MAX_BYTES
                            + " that safetensors allows; use smaller shards");
        }
        ByteBuffer header = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(padded).put(utf8);
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.flip();
    }

    /** Takes exactly the bytes of one tensor. */
    private static final class CountedChannel implements WritableByteChannel {

        private final BlockFile file;
        private final TensorSpec tensor;
        private final Progress progress;
        private long left;
        private boolean open = true;

        private CountedChannel(BlockFile file, TensorSpec tensor, Progress progress) {
            this.file = file;
            this.tensor = tensor;
            this.progress = progress;
            left = tensor.byteLength();
        }

        @Override
        public int write(ByteBuffer src) throws IOException {
            if (!open) {
                throw new ClosedChannelException();
            }
            int bytes = src.remaining();
            if (bytes > left) {
                throw new IllegalStateException(
                        "the source wrote more than the %d bytes of %s"
                                .formatted(tensor.byteLength(), tensor));
            }
            file.write(src);
            left -= bytes;
            if (progress != null && bytes > 0) {
                progress.increment(bytes);
            }
            return bytes;
        }

        /** Checks that the tensor is complete. */
        void finish() {
            open = false;
            if (left != 0) {
                throw new IllegalStateException(
                        "the source wrote %d of the %d bytes of %s"
                                .formatted(
                                        tensor.byteLength() - left, tensor.byteLength(), tensor));
            }
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void close() {
            open = false;
        }
    }
}
