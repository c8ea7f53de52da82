package ai.llm360.common.data;

import ai.llm360.common.tokenizer.BulkEncoder;
import ai.llm360.io.Workers;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.Future;

/**
 * Tokenizes documents on several threads and spools them in the order in which they came.
 *
 * <p>Text that spells a special token stays text: no document can end itself.
 */
final class DocumentTokenizer {

    /** Enough that handing a batch over costs nothing beside encoding it. */
    private static final int BATCH_CHARS = 1 << 17;

    private final ThreadLocal<BulkEncoder> encoders;
    private final OptionalInt beginToken;
    private final int endToken;
    private final Workers threads;
    private final int maxPending;

    private final Queue<Future<List<int[]>>> pending = new ArrayDeque<>();
    private List<String> batch = new ArrayList<>();
    private int batchChars;

    DocumentTokenizer(RecipeVocabulary vocabulary, Workers threads, int threadCount) {
        encoders = ThreadLocal.withInitial(vocabulary.tokenizer()::bulkEncoder);
        beginToken = vocabulary.beginToken();
        endToken = vocabulary.endToken();
        this.threads = threads;
        maxPending = 2 * threadCount;
    }

    void add(String document, RowSpool into) throws IOException {
        batch.add(document);
        batchChars += document.length();
        if (batchChars >= BATCH_CHARS) {
            submit();
            if (pending.size() > maxPending) {
                spool(into);
            }
        }
    }

    /** SourceSpools all that was added. */
    void finish(RowSpool into) throws IOException {
        submit();
        while (!pending.isEmpty()) {
            spool(into);
        }
    }

    private void submit() {
        List<String> documents = batch;
        pending.add(threads.submit(() -> documents.stream().map(encoders.get()::encode).toList()));
        batch = new ArrayList<>();
        batchChars = 0;
    }

    private void spool(RowSpool into) throws IOException {
        for (int[] ids : Workers.await(pending.remove())) {
            into.addDocument(beginToken, ids, endToken);
        }
    }
}
