package ai.llm360.examples;

import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.ZooModel;
import ai.llm360.zoo.Criteria;

/**
 * Continues a text.
 *
 * <pre>{@code
 * mvn -q -pl examples -am -DskipTests package
 * java -cp "examples/target/classes:$(cat examples/target/class-path)" \
 *     ai.llm360.examples.QuickStart
 * }</pre>
 */
public final class QuickStart {

    private QuickStart() {}

    /**
     * Runs the example.
     *
     * @param args a reference, such as {@code amber@ckpt-200} or a path that starts with ./ or /;
     *     {@code amber-nano}, which comes with the library, if it is absent; then a prompt
     */
    public static void main(String[] args) throws Exception {
        String reference = args.length > 0 ? args[0] : "amber-nano";
        String prompt = args.length > 1 ? args[1] : "    /** Returns the";
        try (ZooModel<String, String> model = Criteria.loadModel(reference);
                Predictor<String, String> predictor = model.newPredictor()) {
            System.out.println(prompt + predictor.predict(prompt));
        }
    }
}
