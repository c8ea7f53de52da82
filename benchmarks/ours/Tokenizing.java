import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.llm360.common.tokenizer.BulkEncoder;
import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Measures tokenizing, ours and DJL's one document at a time, in turn, and prints a line of JSON for
 * each. First it sees that all give the same ids.
 *
 * <p>Arguments: tokenizer.json, directory of .txt.gz files, bytes of each file to take, rounds. A
 * document is a run of lines of at least 2,000 characters.
 */
public final class Tokenizing {

    private interface Encoder {
        int ids(String document);
    }

    private interface Encoders {
        Encoder ofThread();
    }

    public static void main(String[] args) throws Exception {
        List<String> documents = documents(Path.of(args[1]), Integer.parseInt(args[2]));
        long bytes =
                documents.stream().mapToLong(d -> d.getBytes(StandardCharsets.UTF_8).length).sum();
        Map<String, String> options =
                Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");
        try (Tokenizer ours = Tokenizer.open(Path.of(args[0]));
                HuggingFaceTokenizer djl =
                        HuggingFaceTokenizer.newInstance(Path.of(args[0]), options)) {
            check(documents, ours, djl);
            Encoders peer = () -> document -> djl.encode(document).getIds().length;
            Encoders library = () -> document -> ours.encode(document).length;
            Encoders bulk =
                    () -> {
                        BulkEncoder encoder = ours.bulkEncoder();
                        return document -> encoder.encode(document).length;
                    };
            for (int round = 0; round < Integer.parseInt(args[3]); round++) {
                run("djl", 1, documents, bytes, round, peer);
                run("djl", 2, documents, bytes, round, peer);
                run("library", 1, documents, bytes, round, library);
                run("bulk", 1, documents, bytes, round, bulk);
                run("bulk", 2, documents, bytes, round, bulk);
            }
        }
    }

    private static void check(List<String> documents, Tokenizer ours, HuggingFaceTokenizer djl) {
        BulkEncoder bulk = ours.bulkEncoder();
        for (String document : documents) {
            long[] expected = djl.encode(document).getIds();
            long[] found = Arrays.stream(bulk.encode(document)).asLongStream().toArray();
            if (!Arrays.equals(expected, found)) {
                throw new IllegalStateException("other ids for: " + document);
            }
        }
        System.out.printf("{\"same_ids\": true, \"documents\": %d}%n", documents.size());
    }

    private static void run(
            String name, int threads, List<String> documents, long bytes, int round, Encoders make)
            throws Exception {
        AtomicInteger next = new AtomicInteger();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        long begun = System.nanoTime();
        List<Future<Long>> parts = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            parts.add(
                    pool.submit(
                            () -> {
                                Encoder encoder = make.ofThread();
                                long ids = 0;
                                for (int d = next.getAndIncrement();
                                        d < documents.size();
                                        d = next.getAndIncrement()) {
                                    ids += encoder.ids(documents.get(d));
                                }
                                return ids;
                            }));
        }
        long ids = 0;
        for (Future<Long> part : parts) {
            ids += part.get();
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        pool.shutdown();
        System.out.printf(
                Locale.ROOT,
                "{\"program\": \"%s\", \"threads\": %d, \"round\": %d, \"documents\": %d,"
                        + " \"bytes\": %d, \"ids\": %d, \"seconds\": %.3f, \"mb_per_s\": %.3f,"
                        + " \"documents_per_s\": %.0f}%n",
                name,
                threads,
                round,
                documents.size(),
                bytes,
                ids,
                seconds,
                bytes / seconds / 1e6,
                documents.size() / seconds);
    }

    private static List<String> documents(Path directory, int limit) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(directory)) {
            files = all.filter(file -> file.toString().endsWith(".txt.gz")).sorted().toList();
        }
        List<String> documents = new ArrayList<>();
        for (Path file : files) {
            String text;
            try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
                text = new String(in.readNBytes(limit), StandardCharsets.UTF_8);
            }
            StringBuilder document = new StringBuilder();
            for (String line : text.split("\n")) {
                document.append(line).append('\n');
                if (document.length() >= 2000) {
                    documents.add(document.toString());
                    document.setLength(0);
                }
            }
            if (!document.isEmpty()) {
                documents.add(document.toString());
            }
        }
        return documents;
    }
}
