package ai.llm360.examples;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.zoo.Reference;
import java.nio.FloatBuffer;

/**
 * Lists a checkpoint's tensors, which reads headers only, and then reads one of them.
 *
 * <pre>{@code
 * mvn -q -pl examples -am -DskipTests package
 * java -cp "examples/target/classes:$(cat examples/target/class-path)" \
 *     ai.llm360.examples.InspectCheckpoint
 * }</pre>
 */
public final class InspectCheckpoint {

    private InspectCheckpoint() {}

    /**
     * Runs the example.
     *
     * @param args a reference, {@code amber-nano} if it is absent; then the name of a tensor, the
     *     first one's if it is absent
     */
    public static void main(String[] args) throws Exception {
        String reference = args.length > 0 ? args[0] : "amber-nano";
        try (Checkpoint checkpoint = Checkpoint.open(Reference.resolve(reference))) {
            for (TensorInfo tensor : checkpoint.tensors().values()) {
                System.out.println(tensor.name() + " " + tensor.type() + " " + tensor.shape());
            }
            System.out.println(checkpoint.parameterCount() + " parameters");

            String name =
                    args.length > 1 ? args[1] : checkpoint.tensors().keySet().iterator().next();
            FloatBuffer values = checkpoint.read(name, TensorType.F32).asFloatBuffer();
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < values.limit(); i++) {
                sum += values.get(i);
                squares += (double) values.get(i) * values.get(i);
            }
            double mean = sum / values.limit();
            double deviation = Math.sqrt(squares / values.limit() - mean * mean);
            System.out.printf("%s: mean %.5f, standard deviation %.5f%n", name, mean, deviation);
        }
    }
}
