package ai.llm360.zoo.djl;

import ai.llm360.io.internal.NearNames;
import ai.llm360.zoo.Criteria;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The arguments that a model is loaded with: in {@link Criteria#optArgument}, in DJL's own {@code
 * optArgument}, in a URL's query ({@code llm360://amber-nano?max_new_tokens=20}), in a {@code
 * serving.properties}. What continues texts may also be the {@code parameters} of a request to DJL
 * Serving.
 *
 * <p>Where one isn't given, the checkpoint's {@code generation_config.json} counts, and else the
 * default named here. DJL's arguments and DJL Serving's settings may stand beside them; any other
 * name is an error.
 */
public enum ModelArgument {
    /**
     * The type to hold the weights in: fp32, bf16, fp16 or int8; the checkpoint's own if absent.
     */
    DTYPE("dtype", false),
    /** Makes the weights float32, with gradients, if true: for training. */
    TRAIN_PARAM("trainParam", false),
    /**
     * The directory of a LoRA adapter in PEFT's layout, or in Java a list of them; none if absent.
     */
    ADAPTER("adapter", false),
    /** A {@link ai.djl.util.Progress} that is told of each loaded tensor. */
    PROGRESS("progress", false),
    /** The largest number of tokens to make, positive; 128 if absent. */
    MAX_NEW_TOKENS("max_new_tokens", true),
    /** The largest number of tokens of prompt and continuation together, positive. */
    MAX_LENGTH("max_length", true),
    /**
     * Draws tokens if true, at a temperature of 1 unless one is given; takes the most probable
     * whatever the temperature if false. If absent, a temperature above 0 draws.
     */
    DO_SAMPLE("do_sample", true),
    /**
     * The divisor of the logits before drawing: 0, the default, takes the most probable token; else
     * 1e-30 to 1e30.
     */
    TEMPERATURE("temperature", true),
    /** The number of most probable tokens to draw from; 0, all, if absent. */
    TOP_K("top_k", true),
    /** The sum of probabilities to draw from, above 0 and at most 1; 1, all, if absent. */
    TOP_P("top_p", true),
    /** The factor that lowers logits of tokens that have occurred, 1e-4 to 1e4; 1 if absent. */
    REPETITION_PENALTY("repetition_penalty", true),
    /** The whole number of 64 bits that decides every draw; 0 if absent. */
    SEED("seed", true),
    /** A text, or a list of texts, before which a continuation ends. */
    STOP("stop", true);

    /**
     * Names that DJL's loaders and DJL Serving put among a model's arguments or read there, without
     * underscores and in small letters, since both spellings are in use.
     */
    private static final Set<String> OTHERS =
            Set.of(
                    "application",
                    "artifactid",
                    "batchifier",
                    "batchsize",
                    "blockfactory",
                    "chunkedreadtimeout",
                    "engine",
                    "epoch",
                    "extrafiles",
                    "groupid",
                    "hasparameter",
                    "jobqueuesize",
                    "loadondevices",
                    "logmodelmetric",
                    "logrequestmetric",
                    "maplocation",
                    "maxbatchdelay",
                    "maxidletime",
                    "maxworkers",
                    "metricdimension",
                    "metricsaggregation",
                    "minworkers",
                    "modelid",
                    "modelname",
                    "requiredmemorymb",
                    "reservedmemorymb",
                    "retrythreshold",
                    "task",
                    "translator",
                    "translatorfactory");

    private final String key;

    /** Says how to continue a text, so that a request may bring it. */
    private final boolean perRequest;

    ModelArgument(String key, boolean perRequest) {
        this.key = key;
        this.perRequest = perRequest;
    }

    /** Returns the argument's name, such as {@code max_new_tokens}. */
    public String key() {
        return key;
    }

    /** Returns the names of all arguments, or of those that a request may bring. */
    static List<String> keys(boolean requestOnly) {
        return Arrays.stream(values())
                .filter(argument -> argument.perRequest || !requestOnly)
                .map(ModelArgument::key)
                .toList();
    }

    /**
     * Checks the names of a model's arguments.
     *
     * @throws IllegalArgumentException if one is neither here, nor DJL's, nor DJL Serving's
     */
    public static void check(Collection<String> names) {
        check(names.stream().filter(name -> !isOthers(name)).toList(), keys(false), "argument");
    }

    /**
     * Checks names against those that there are.
     *
     * @param what what they name, such as {@code argument}
     * @throws IllegalArgumentException naming those that there aren't, and the nearest
     */
    static void check(Collection<String> names, List<String> known, String what) {
        Set<String> unknown = new TreeSet<>(names);
        known.forEach(unknown::remove);
        Optional<String> first = unknown.stream().findFirst();
        if (first.isPresent()) {
            throw new IllegalArgumentException(
                    "there is no %s %s; did you mean %s? There are %s"
                            .formatted(
                                    what,
                                    unknown.stream()
                                            .map(name -> "'" + name + "'")
                                            .collect(Collectors.joining(", ")),
                                    NearNames.of(first.get(), known).get(0),
                                    String.join(", ", known)));
        }
    }

    private static boolean isOthers(String name) {
        return name.contains(".") // gpu.minWorkers, option.entryPoint
                || OTHERS.contains(name.replace("_", "").toLowerCase(Locale.ROOT));
    }
}
