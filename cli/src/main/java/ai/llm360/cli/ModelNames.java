package ai.llm360.cli;

import ai.llm360.zoo.Zoo;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;

/** The models' names, which a shell completes, and what else a reference may be. */
final class ModelNames implements Iterable<String> {

    /** Describes a verb's reference in its help. */
    static final String REF =
            "The checkpoint: a name such as amber@ckpt-200; a path, of its directory or of a run,"
                    + " such as ./my-run or ./my-run@ckpt-003; one in a static tree,"
                    + " llm360+https://host/dir/model@ckpt-003; or of any repository on the Hub,"
                    + " LLM360/Amber@ckpt_200.";

    /** Describes what may follow it. */
    static final String ADAPTER = " LoRA adapters may follow: amber@ckpt-358+./my-adapter.";

    ModelNames() {}

    @Override
    public Iterator<String> iterator() {
        try {
            return Zoo.ofEnvironment().models().iterator();
        } catch (IOException e) {
            return List.<String>of().iterator(); // a home that can't be read: the verb will tell
        }
    }
}
