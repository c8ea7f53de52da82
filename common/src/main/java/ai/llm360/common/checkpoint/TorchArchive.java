package ai.llm360.common.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * The zip that {@code torch.save} writes, as a map from record names to byte ranges of the file.
 *
 * <p>Torch stores its records uncompressed so that they can be mapped ({@code
 * caffe2/serialize/inline_container.h}). Commons Compress reads the central directory, zip64 too;
 * each entry's local header is then checked against it here, since a range is trusted only if both
 * agree.
 */
final class TorchArchive {

    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int LOCAL_BYTES = 30;
    private static final int FLAG_ENCRYPTED = 1;
    private static final int FLAG_DATA_DESCRIPTOR = 8;
    private static final long ZIP64 = 0xFFFFFFFFL;
    private static final int MAX_ENTRIES = 1_000_000;
    private static final String PICKLE = "/data.pkl";

    private final Path file;
    private final Map<String, Range> records;

    private TorchArchive(Path file, Map<String, Range> records) {
        this.file = file;
        this.records = records;
    }

    /** Bytes {@code offset} to {@code offset + size} of the file. */
    record Range(long offset, long size) {}

    private record Entry(String name, long header, Range data) {}

    static TorchArchive read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            List<Entry> entries = entries(file, channel);
            entries.sort(Comparator.comparingLong(Entry::header));
            Map<String, Range> byName = new LinkedHashMap<>();
            long free = 0;
            for (Entry entry : entries) {
                if (entry.header < free) {
                    throw bad(file, entry.name, "overlaps the entry before it");
                }
                free = entry.data.offset + entry.data.size;
                if (byName.put(entry.name, entry.data) != null) {
                    throw bad(file, entry.name, "occurs twice");
                }
            }
            return new TorchArchive(file, withoutFolder(file, byName));
        }
    }

    /** Returns a record's place, by its name without the archive's folder. */
    Range get(String name) throws CheckpointException {
        Range range = records.get(name);
        if (range == null) {
            throw new CheckpointException(
                    file, "the torch zip lacks the record " + StrictJson.quote(name));
        }
        return range;
    }

    boolean has(String name) {
        return records.containsKey(name);
    }

    /** Reads a small record whole. */
    byte[] bytes(String name, long limit) throws IOException {
        Range range = get(name);
        if (range.size > limit) {
            throw new CheckpointException(
                    file,
                    "the record "
                            + StrictJson.quote(name)
                            + " has "
                            + range.size
                            + " bytes; expected at most "
                            + limit);
        }
        byte[] bytes = new byte[(int) range.size];
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ShardReader.readFully(channel, range.offset, ByteBuffer.wrap(bytes), file);
        }
        return bytes;
    }

    private static List<Entry> entries(Path file, FileChannel channel) throws IOException {
        List<Entry> entries = new ArrayList<>();
        // Local headers are read below, so Commons Compress needn't seek through the file for them.
        try (FileChannel own = FileChannel.open(file, StandardOpenOption.READ);
                ZipFile zip =
                        ZipFile.builder()
                                .setSeekableByteChannel(own)
                                .setIgnoreLocalFileHeader(true)
                                .get()) {
            for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
                if (entries.size() == MAX_ENTRIES) {
                    throw new CheckpointException(
                            file, "the zip has more than " + MAX_ENTRIES + " entries");
                }
                entries.add(checked(file, channel, entry));
            }
        } catch (CheckpointException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Commons Compress reports some damage with unchecked exceptions, some wrapped.
            Throwable root = e.getCause() == null ? e : e.getCause();
            throw new CheckpointException(
                    file,
                    "the zip's directory can't be read ("
                            + root.getMessage()
                            + "); the file is truncated or damaged: fetch it again",
                    e);
        }
        return entries;
    }

    /** Compares the central directory's word on an entry with its local header. */
    private static Entry checked(Path file, FileChannel channel, ZipArchiveEntry entry)
            throws IOException {
        String name = entry.getName();
        long at = entry.getLocalHeaderOffset();
        long size = entry.getSize();
        if (at < 0 || at > channel.size() - LOCAL_BYTES) {
            throw bad(file, name, "has its header at byte " + at + ", outside the file");
        }
        ByteBuffer local = ByteBuffer.allocate(LOCAL_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ShardReader.readFully(channel, at, local, file);
        int flags = local.getShort(6) & 0xFFFF;
        int nameBytes = local.getShort(26) & 0xFFFF;
        int extraBytes = local.getShort(28) & 0xFFFF;
        if (local.getInt(0) != LOCAL_SIGNATURE) {
            throw bad(file, name, "has no local header at byte " + at);
        }
        if (((flags | entry.getRawFlag()) & FLAG_ENCRYPTED) != 0) {
            throw bad(file, name, "is encrypted; torch never encrypts: save the model again");
        }
        if (entry.getMethod() != ZipArchiveEntry.STORED || local.getShort(8) != 0) {
            throw bad(
                    file,
                    name,
                    "is compressed; torch stores its records: unpack and save the model again");
        }
        if (size != entry.getCompressedSize()) {
            throw bad(file, name, "is stored, but its sizes differ");
        }
        long data = at + LOCAL_BYTES + nameBytes + extraBytes;
        if (size < 0 || size > channel.size() - data) {
            throw bad(
                    file,
                    name,
                    "of " + size + " bytes at byte " + data + " ends beyond the file's end");
        }
        byte[] localName = new byte[nameBytes];
        ShardReader.readFully(channel, at + LOCAL_BYTES, ByteBuffer.wrap(localName), file);
        if (!new String(localName, StandardCharsets.UTF_8).equals(name)) {
            throw bad(file, name, "has another name in its local header");
        }
        if (!sameSize(local.getInt(18) & ZIP64, size, flags)
                || !sameSize(local.getInt(22) & ZIP64, size, flags)) {
            throw bad(file, name, "has another size in its local header");
        }
        return new Entry(name, at, new Range(data, size));
    }

    /** Torch's zips leave a local size 0 behind the data-descriptor flag, or ~0 for zip64. */
    private static boolean sameSize(long local, long size, int flags) {
        return local == size
                || local == ZIP64
                || (local == 0 && (flags & FLAG_DATA_DESCRIPTOR) != 0);
    }

    /** Torch puts all records into one folder, named after the file, which has no meaning. */
    private static Map<String, Range> withoutFolder(Path file, Map<String, Range> byName)
            throws CheckpointException {
        List<String> pickles =
                byName.keySet().stream()
                        .filter(name -> name.indexOf('/') == name.length() - PICKLE.length())
                        .filter(name -> name.endsWith(PICKLE))
                        .toList();
        if (pickles.size() != 1) {
            throw new CheckpointException(
                    file,
                    "is a zip with "
                            + pickles.size()
                            + " entries '<folder>/data.pkl'; a file of torch.save has one");
        }
        String pickle = pickles.get(0);
        String folder = pickle.substring(0, pickle.length() - PICKLE.length() + 1);
        Map<String, Range> records = new LinkedHashMap<>();
        byName.forEach(
                (name, range) -> {
                    if (name.startsWith(folder)) {
                        records.put(name.substring(folder.length()), range);
                    }
                });
        return records;
    }

    private static CheckpointException bad(Path file, String entry, String problem) {
        return new CheckpointException(
                file, "zip entry " + StrictJson.quote(entry) + " " + problem);
    }
}
