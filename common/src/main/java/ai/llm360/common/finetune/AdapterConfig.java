package ai.llm360.common.finetune;

import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.HubConfig;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Describes a LoRA adapter by the words of PEFT 0.21: its {@code adapter_config.json}.
 *
 * <p>PEFT has variants of LoRA that compute otherwise (DoRA, biases, tokens of their own …). A file
 * that switches one of them on is refused; unknown entries are ignored, as PEFT does.
 *
 * @param r the rank of A and B
 * @param loraAlpha the change is scaled by {@code loraAlpha / r}
 * @param useRslora whether it is scaled by {@code loraAlpha / sqrt(r)} instead (arXiv 2312.03732)
 * @param loraDropout the share of A's inputs that training drops, 0 to below 1
 * @param targetModules the linear layers that get A and B; if none are named, PEFT's choice for
 *     LLaMA's architecture, {@code q_proj} and {@code v_proj}
 * @param excludeModules modules that get none though they are named
 * @param layersToTransform the numbers of the layers that get A and B; all of them if there are
 *     none. PEFT asks for it only where {@code targetModules} are a list
 * @param layersPattern what stands before a layer's number, such as {@code layers}; anything if
 *     there is none
 * @param rankPattern other ranks, by patterns of what names end with
 * @param alphaPattern other alphas, likewise
 * @param modulesToSave modules that are trained whole, in place of those of the base: their names,
 *     or what these end with
 * @param fanInFanOut whether weights are stored [in, out], as CrystalCoder's; it follows the model
 *     where an adapter is begun
 * @param initLoraWeights how A and B begin: {@code true} (A uniform, B zero), {@code gaussian} or
 *     {@code false} (both random)
 * @param baseModel the base's name or path, for readers
 * @param revision the base's revision, for readers
 */
public record AdapterConfig(
        int r,
        double loraAlpha,
        boolean useRslora,
        double loraDropout,
        ModuleNames targetModules,
        ModuleNames excludeModules,
        List<Integer> layersToTransform,
        List<String> layersPattern,
        Map<String, Integer> rankPattern,
        Map<String, Double> alphaPattern,
        List<String> modulesToSave,
        boolean fanInFanOut,
        String initLoraWeights,
        Optional<String> baseModel,
        Optional<String> revision) {

    /** The file's name in an adapter's directory. */
    public static final String FILE = "adapter_config.json";

    private static final int MAX_RANK = 1 << 16;

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

    /**
     * Creates a configuration.
     *
     * @throws IllegalArgumentException if a value makes no sense; the message names it
     */
    public AdapterConfig {
        requireRank("r", r);
        rankPattern = ordered(rankPattern);
        rankPattern.forEach((name, rank) -> requireRank("rank_pattern of " + name, rank));
        alphaPattern = ordered(alphaPattern);
        layersToTransform = List.copyOf(layersToTransform);
        layersPattern = List.copyOf(layersPattern);
        modulesToSave = List.copyOf(modulesToSave);
        alphaPattern.forEach((name, a) -> requireFinite("alpha_pattern of " + name, a));
        requireFinite("lora_alpha", loraAlpha);
        HubConfig.require(
                loraDropout >= 0 && loraDropout < 1,
                "lora_dropout is %s, expected 0 to below 1",
                loraDropout);
    }

    private static <V> Map<String, V> ordered(Map<String, V> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map)); // the first match counts
    }

    private static void requireRank(String name, int rank) {
        HubConfig.require(
                rank > 0 && rank <= MAX_RANK, "%s is %s, expected 1 to %s", name, rank, MAX_RANK);
    }

    private static void requireFinite(String name, double value) {
        HubConfig.require(Double.isFinite(value), "%s is %s, expected a number", name, value);
    }

    /** {@return a builder that has PEFT's defaults: rank 8, alpha 8} */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Reads a file.
     *
     * @param file an {@code adapter_config.json}
     * @return the configuration
     * @throws CheckpointException if it isn't one, or asks for what there is nothing for; the
     *     message names it
     * @throws IOException if it can't be read
     */
    public static AdapterConfig read(Path file) throws IOException {
        try {
            return parse(HubConfig.text(file));
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(file, e.getMessage(), e);
        }
    }

    /**
     * Parses a file's text.
     *
     * @throws IllegalArgumentException as {@link #read} throws, without the file's name
     */
    static AdapterConfig parse(String json) {
        return HubConfig.parse(json, AdapterConfigJson::read);
    }

    /**
     * Returns the factor that a module's change is multiplied by.
     *
     * @param rank the module's own rank
     * @param alpha its own alpha
     */
    double scale(int rank, double alpha) {
        return alpha / (useRslora ? Math.sqrt(rank) : rank);
    }

    /** {@return the factor of the changes, but for modules that have patterns of their own} */
    public double scale() {
        return scale(r, loraAlpha);
    }

    /** {@return a copy for a base: its targets by name, its storage order} */
    AdapterConfig with(ModuleNames targets, boolean transposed) {
        return new AdapterConfig(
                r,
                loraAlpha,
                useRslora,
                loraDropout,
                targets,
                excludeModules,
                layersToTransform,
                layersPattern,
                rankPattern,
                alphaPattern,
                modulesToSave,
                transposed,
                initLoraWeights,
                baseModel,
                revision);
    }

    /**
     * {@return the file's content, as PEFT 0.21 writes it: keys sorted, two blanks of indent} It
     * has the entries that decide something, and those that say that no variant is in use.
     */
    public byte[] toJson() {
        Map<String, JsonElement> entries = new TreeMap<>(AdapterConfigJson.write(this));
        JsonObject json = new JsonObject();
        entries.forEach(json::add);
        return GSON.toJson(json).getBytes(StandardCharsets.UTF_8);
    }

    /** Builds an {@link AdapterConfig}. */
    public static final class Builder {

        private int r = 8;
        private double loraAlpha = 8;
        private boolean useRslora;
        private double loraDropout;
        private ModuleNames targetModules = ModuleNames.of(List.of());
        private ModuleNames excludeModules = ModuleNames.of(List.of());
        private List<Integer> layersToTransform = List.of();
        private List<String> layersPattern = List.of();
        private Map<String, Integer> rankPattern = Map.of();
        private Map<String, Double> alphaPattern = Map.of();
        private List<String> modulesToSave = List.of();
        private boolean fanInFanOut;
        private String initLoraWeights = AdapterConfigJson.DEFAULT_INIT;
        private Optional<String> baseModel = Optional.empty();
        private Optional<String> revision = Optional.empty();

        private Builder() {}

        /** Sets the rank. */
        public Builder optR(int rank) {
            r = rank;
            return this;
        }

        /** Sets alpha: the change is scaled by alpha / r, or alpha / sqrt(r). */
        public Builder optLoraAlpha(double alpha) {
            loraAlpha = alpha;
            return this;
        }

        /** Sets whether the change is scaled by alpha / sqrt(r). */
        public Builder optUseRslora(boolean use) {
            useRslora = use;
            return this;
        }

        /** Sets the share of A's inputs that training drops. */
        public Builder optLoraDropout(double dropout) {
            loraDropout = dropout;
            return this;
        }

        /** Sets the linear layers that get A and B. */
        public Builder optTargetModules(ModuleNames targets) {
            targetModules = targets;
            return this;
        }

        /** Sets modules that get none though they are named. */
        public Builder optExcludeModules(ModuleNames excluded) {
            excludeModules = excluded;
            return this;
        }

        /** Sets the numbers of the layers that get A and B, and what stands before a number. */
        public Builder optLayers(List<Integer> numbers, List<String> patterns) {
            layersToTransform = numbers;
            layersPattern = patterns;
            return this;
        }

        /** Sets other ranks, by patterns of what modules' names end with. */
        public Builder optRankPattern(Map<String, Integer> ranks) {
            rankPattern = ranks;
            return this;
        }

        /** Sets other alphas, by patterns of what modules' names end with. */
        public Builder optAlphaPattern(Map<String, Double> alphas) {
            alphaPattern = alphas;
            return this;
        }

        /** Sets modules that are trained whole, such as {@code lm_head}. */
        public Builder optModulesToSave(List<String> modules) {
            modulesToSave = modules;
            return this;
        }

        /** Sets whether weights are stored [in, out]. */
        Builder optFanInFanOut(boolean stored) {
            fanInFanOut = stored;
            return this;
        }

        /** Sets how A and B begin: {@code true}, {@code false} or {@code gaussian}. */
        public Builder optInitLoraWeights(String init) {
            initLoraWeights = init;
            return this;
        }

        /** Sets the base's name or path, and its revision, for readers. */
        public Builder optBaseModel(Optional<String> base, Optional<String> revisionOfBase) {
            baseModel = base;
            revision = revisionOfBase;
            return this;
        }

        /**
         * Builds the configuration.
         *
         * @return the configuration
         * @throws IllegalArgumentException if a value makes no sense
         */
        public AdapterConfig build() {
            return new AdapterConfig(
                    r,
                    loraAlpha,
                    useRslora,
                    loraDropout,
                    targetModules,
                    excludeModules,
                    layersToTransform,
                    layersPattern,
                    rankPattern,
                    alphaPattern,
                    modulesToSave,
                    fanInFanOut,
                    initLoraWeights,
                    baseModel,
                    revision);
        }
    }
}
