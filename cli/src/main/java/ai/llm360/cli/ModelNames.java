package ai.llm360.cli;

import ai.llm360.zoo.Zoo;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;

/** The models' names, which a shell completes. */
final class ModelNames implements Iterable<String> {

    ModelNames() {}

    @Override
    public Iterator<String> iterator() {
        try {
            return Zoo.models().iterator();
        } catch (IOException e) {
            return List.<String>of().iterator(); // a home that can't be read: the verb will tell
        }
    }
}
