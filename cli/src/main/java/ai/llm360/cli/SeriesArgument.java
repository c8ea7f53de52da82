package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.zoo.Series;
import ai.llm360.zoo.Zoo;
import java.io.IOException;

/** A series as an argument: its description, and the search for it. */
final class SeriesArgument {

    static final String SERIES =
            "A model's name, a run's directory or a model in a static tree, for all checkpoints; or"
                    + " some of them: amber@0..359:40, ./my-run@uniform:3.";

    private SeriesArgument() {}

    /** Finds a series; of a published model that the Hub hasn't been asked about, it is asked. */
    static Series find(Zoo zoo, String reference) throws ModelNotFoundException, IOException {
        zoo.deciding(reference);
        return zoo.series(reference);
    }
}
