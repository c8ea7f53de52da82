package ai.llm360.zoo.testing;

import ai.djl.ndarray.NDManager;
import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.testing.TinyTokenizer;
import java.io.IOException;
import java.nio.file.Path;

/** A random model with a tokenizer beside it: a whole checkpoint directory, as the Hub has them. */
public final class TinyModel {

    private static final int VOCABULARY = 300;

    private TinyModel() {}

    /** Writes the model into a directory that doesn't exist yet, and returns it. */
    public static Path writeTo(Path directory) throws IOException {
        withoutTokenizer(directory);
        TinyTokenizer.llama().words("once", "upon", "a", "time").writeJson(directory);
        return directory;
    }

    /** The same without its tokenizer: a model for token ids alone. */
    public static Path withoutTokenizer(Path directory) throws IOException {
        return TinyAmber.of(TinyAmber.sizes().setVocabularySize(VOCABULARY)).writeTo(directory);
    }

    /** Counts the native arrays that are alive in this JVM, whoever holds them. */
    public static int liveArrays() {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            return manager.getParentManager().getManagedArrays().size();
        }
    }
}
