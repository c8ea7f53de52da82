package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;

/** Reads the header of one checkpoint file, whose kind its first bytes tell. */
final class ShardReader {

    private static final int ZIP_LOCAL_HEADER = 0x04034b50;

    /** torch.save before 1.6: a pickle of protocol 2 with the number 0x1950a86a20f9469cfc6c. */
    private static final String LEGACY_MAGIC = "80028a0a6cfc9c46f9206aa85019";

    private ShardReader() {}

    static Shard read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException(
                    file,
                    Files.exists(file)
                            ? "is not a regular file"
                            : "there is no such file; is the download complete?");
        }
        byte[] start;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            start = new byte[(int) Math.min(channel.size(), 64)];
            readFully(channel, 0, ByteBuffer.wrap(start), file);
            if (start.length >= 9 && start[8] == '{') {
                return SafetensorsHeader.read(file, channel);
            }
        }
        if (start.length >= 4 && ByteBuffer.wrap(start).getInt() == swap(ZIP_LOCAL_HEADER)) {
            return TorchFile.read(file);
        }
        throw new CheckpointException(file, refusal(start, file));
    }

    /** Tells whether small reads all over a file cost little, and it can be mapped. */
    static boolean isOnDisk(Path file) {
        return file.getFileSystem() == FileSystems.getDefault();
    }

    /** Reads until the buffer is full. */
    static void readFully(FileChannel channel, long position, ByteBuffer dst, Path file)
            throws IOException {
        long at = position;
        while (dst.hasRemaining()) {
            int n = channel.read(dst, at);
            if (n < 0) {
                throw new CheckpointException(
                        file,
                        "ends at byte %d while byte %d was expected; the file is truncated: fetch it again"
                                .formatted(channel.size(), at + dst.remaining()));
            }
            at += n;
        }
    }

    private static int swap(int value) {
        return Integer.reverseBytes(value);
    }

    private static String refusal(byte[] start, Path file) {
        String text = new String(start, StandardCharsets.ISO_8859_1);
        String hex = HexFormat.of().formatHex(start);
        if (start.length < 9) {
            return "has only "
                    + start.length
                    + " bytes, too few for a checkpoint; the file is truncated: fetch it again";
        }
        if (text.startsWith("version https://git-lfs")) {
            return "is a Git LFS pointer, not the file that it points to; run 'git lfs pull'";
        }
        // Before 0.1.10 it was a tar.
        if (hex.startsWith(LEGACY_MAGIC)
                || text.startsWith("./\0")
                || text.startsWith("storages")) {
            return "was saved by PyTorch before 1.6 (not a zip); load it in PyTorch and save it"
                    + " again with torch.save, or better with safetensors";
        }
        String shown = hex.substring(0, Math.min(32, hex.length()));
        if (file.toString().endsWith(".safetensors")) {
            return "is not safetensors: byte 8 must be '{', and the file starts with " + shown;
        }
        return "is neither safetensors nor a torch zip; it starts with "
                + shown
                + ". Expected an 8-byte length and '{', or 'PK'";
    }
}
