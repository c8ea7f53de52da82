package ai.llm360.common.checkpoint;

import ai.llm360.io.internal.PlainText;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * The zip that {@code torch.save} writes, as a map from record names to byte ranges of the file.
 *
 * <p>Torch stores its records uncompressed so that they can be mapped ({@code
 * caffe2/serialize/inline_container.h}). Commons Compress reads the central directory, zip64 too.
 * Each record's local header is checked against it when the file is opened or, where that would ask
 * a network hundreds of times, when the record is first read.
 */
final class TorchArchive {

    private static final int MAX_ENTRIES = 1_000_000;
    private static final String PICKLE = "/data.pkl";

    private final Path file;
    private final Map<String, ZipRecord> records;

    private TorchArchive(Path file, Map<String, ZipRecord> records) {
        this.file = file;
        this.records = records;
    }

    static TorchArchive read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            List<ZipRecord> entries = entries(file, channel);
            entries.sort(Comparator.comparingLong(ZipRecord::header));
            Map<String, ZipRecord> byName = new LinkedHashMap<>();
            ZipRecord before = null;
            for (ZipRecord entry : entries) {
                if (before != null) {
                    entry.require(
                            entry.header() >= before.offset() + before.size(),
                            "overlaps the entry before it");
                    before.endsBefore(entry.header());
                }
                entry.require(byName.put(entry.name(), entry) == null, "occurs twice");
                before = entry;
            }
            return new TorchArchive(file, withoutFolder(file, byName));
        }
    }

    /** Returns a record, by its name without the archive's folder. */
    ZipRecord get(String name) throws CheckpointException {
        ZipRecord record = records.get(name);
        if (record == null) {
            throw new CheckpointException(
                    file, "the torch zip lacks the record " + PlainText.quote(name));
        }
        return record;
    }

    boolean has(String name) {
        return records.containsKey(name);
    }

    /** Reads a small record whole. */
    byte[] bytes(String name, long limit) throws IOException {
        ZipRecord record = get(name);
        if (record.size() > limit) {
            throw new CheckpointException(
                    file,
                    "the record %s has %d bytes; expected at most %d"
                            .formatted(PlainText.quote(name), record.size(), limit));
        }
        byte[] bytes = new byte[(int) record.size()];
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            record.locate(channel);
            ShardReader.readFully(channel, record.offset(), ByteBuffer.wrap(bytes), file);
        }
        return bytes;
    }

    private static List<ZipRecord> entries(Path file, FileChannel channel) throws IOException {
        List<ZipRecord> entries = new ArrayList<>();
        boolean onDisk = ShardReader.isOnDisk(file);
        // Commons Compress needn't seek through the file for local headers.
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
                ZipRecord record = new ZipRecord(file, entry, channel.size());
                record.checkDirectory();
                if (onDisk) {
                    record.locate(channel);
                }
                entries.add(record);
            }
        } catch (CheckpointException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Commons Compress reports some damage with unchecked exceptions, some wrapped.
            Throwable root = e.getCause() == null ? e : e.getCause();
            boolean ofZip = root instanceof ZipException || root instanceof EOFException;
            boolean elsewhere = root instanceof ClosedChannelException || (!onDisk && !ofZip);
            if (elsewhere && root instanceof IOException failure) {
                throw failure; // an interrupt's or a network's, which says nothing of the file
            }
            throw new CheckpointException(
                    file,
                    "the zip's directory can't be read ("
                            + root.getMessage()
                            + "); the file is truncated or damaged: fetch it again",
                    e);
        }
        return entries;
    }

    /** Torch puts all records into one folder, named after the file, which has no meaning. */
    private static Map<String, ZipRecord> withoutFolder(Path file, Map<String, ZipRecord> byName)
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
        Map<String, ZipRecord> records = new LinkedHashMap<>();
        byName.forEach(
                (name, record) -> {
                    if (name.startsWith(folder)) {
                        records.put(name.substring(folder.length()), record);
                    }
                });
        return records;
    }
}
