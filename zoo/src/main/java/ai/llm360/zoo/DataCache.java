package ai.llm360.zoo;

import java.nio.file.Path;

/** Where downloaded training data is kept: beside the models, hidden from their list. */
public final class DataCache {

    private DataCache() {}

    /**
     * Returns the directory for Maven artifacts.
     *
     * @return the directory, which may not exist yet
     */
    public static Path maven() {
        return ModelHome.directory().resolve(".maven");
    }
}
