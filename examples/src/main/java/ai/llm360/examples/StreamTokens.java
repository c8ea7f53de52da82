package ai.llm360.examples;

import ai.djl.repository.zoo.ZooModel;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenStream;
import ai.llm360.zoo.Criteria;

/**
 * Prints a continuation as it is made, drawn with a temperature and ended by a text.
 *
 * <pre>{@code
 * mvn -q -pl examples -am -DskipTests package
 * java -cp "examples/target/classes:$(cat examples/target/class-path)" \
 *     ai.llm360.examples.StreamTokens
 * }</pre>
 */
public final class StreamTokens {

    private StreamTokens() {}

    /**
     * Runs the example.
     *
     * @param args a reference, {@code amber-nano} if it is absent; then a prompt
     */
    public static void main(String[] args) throws Exception {
        String reference = args.length > 0 ? args[0] : "amber-nano";
        String prompt = args.length > 1 ? args[1] : "    /** Returns the";
        GenerationConfig config =
                GenerationConfig.builder()
                        .optMaxNewTokens(100)
                        .optTemperature(0.8)
                        .optTopP(0.95)
                        .optSeed(1) // the same seed, the same text
                        .optStop("\n\n") // a paragraph is enough
                        .build();
        try (ZooModel<String, String> model = Criteria.loadModel(reference)) {
            TextGenerator generator = Criteria.generator(model);
            System.out.print(prompt);
            try (TokenStream tokens = generator.stream(prompt, config)) {
                while (tokens.hasNext()) {
                    System.out.print(tokens.next().text());
                    System.out.flush();
                }
            }
            System.out.println();
        }
    }
}
