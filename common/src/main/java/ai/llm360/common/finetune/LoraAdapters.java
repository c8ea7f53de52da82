package ai.llm360.common.finetune;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.CheckpointWriter;
import ai.llm360.common.model.Adapter;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.Trainable;
import ai.llm360.common.torch.ArraySource;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.WholeFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;

/**
 * A LoRA adapter on a decoder: begun anew or loaded from PEFT's files, trained, and written as
 * PEFT's files.
 *
 * <pre>{@code
 * AdapterConfig config = AdapterConfig.builder().optR(8).optLoraAlpha(16).build();
 * LoraAdapters lora = LoraAdapters.begin(decoder, config, 42);
 * TrainingLoop.builder()                     // … and what else it needs
 *         .setDecoder(decoder)
 *         .optTrainable(lora.trainable(42))  // the base is frozen
 *         .optFiles(lora.files());           // each saved state is a directory of PEFT's
 * lora.write(Path.of("my-adapter"));
 * }</pre>
 *
 * <p>The matrices are the decoder's. A decoder may have several adapters, whose changes are added;
 * the one to train is then to be alone.
 */
public final class LoraAdapters {

    private final CausalDecoder decoder;
    private final AdapterConfig config;
    private final AdapterTargets targets;

    private LoraAdapters(CausalDecoder decoder, AdapterConfig config, AdapterTargets targets) {
        this.decoder = decoder;
        this.config = config;
        this.targets = targets;
    }

    /**
     * Adds an adapter that is yet to be trained, as PEFT begins it: A uniform within 1 / sqrt(its
     * inputs) ({@code kaiming_uniform_(a=sqrt(5))}), or with {@code gaussian} normal of standard
     * deviation 1 / r; B zero, so that the decoder computes as before; with {@code false} B is
     * uniform within 1 / sqrt(r).
     *
     * @param decoder the base, with its weights, of any type, and without adapters
     * @param config the configuration; targets such as {@code all-linear} become names, and {@code
     *     fanInFanOut} follows the base
     * @param seed decides A (and B); the same numbers on every machine
     * @return the adapter
     * @throws IllegalArgumentException if the configuration names what the base hasn't, or how it
     *     begins is none of those
     * @throws IllegalStateException if the decoder has adapters, or is closed
     */
    public static LoraAdapters begin(CausalDecoder decoder, AdapterConfig config, long seed) {
        if (!decoder.adapters().isEmpty()) {
            throw new IllegalStateException(
                    "the model has an adapter already: merge it first, or train that one");
        }
        AdapterTargets targets = AdapterTargets.of(config, decoder);
        SplittableRandom random = new SplittableRandom(seed);
        try (NDManager manager = decoder.newRequestManager()) {
            Map<String, Adapter> adapters = new LinkedHashMap<>();
            targets.linear()
                    .forEach(
                            (module, target) ->
                                    adapters.put(
                                            module + ".weight",
                                            newAdapter(config, target, random, manager)));
            decoder.setAdapters(adapters);
        }
        keepOld(decoder, targets);
        return new LoraAdapters(decoder, resolved(config, targets), targets);
    }

    /** Keeps the numbers of modules that are trained whole, which changes them in place. */
    private static void keepOld(CausalDecoder decoder, AdapterTargets targets) {
        Map<String, NDArray> same = new LinkedHashMap<>();
        for (String name : targets.saved()) {
            same.put(name, decoder.getParameters().get(name).getArray());
        }
        decoder.replaceWeights(same);
    }

    private static Adapter newAdapter(
            AdapterConfig config,
            AdapterTargets.Target target,
            SplittableRandom random,
            NDManager manager) {
        int rank = target.rank();
        int inputs = target.weight().inputs();
        int outputs = target.weight().outputs();
        float[] a = new float[Math.multiplyExact(rank, inputs)];
        float[] b = new float[Math.multiplyExact(outputs, rank)];
        switch (config.initLoraWeights()) {
            case "true" -> uniform(a, inputs, random);
            case "false" -> {
                uniform(a, inputs, random);
                uniform(b, rank, random);
            }
            case "gaussian" -> {
                for (int i = 0; i < a.length; i++) {
                    a[i] = (float) (random.nextGaussian() / rank);
                }
            }
            default ->
                    throw new IllegalArgumentException(
                            "init_lora_weights is '%s'; an adapter begins by true, false or gaussian"
                                    .formatted(config.initLoraWeights()));
        }
        return new Adapter(
                manager.create(a, new Shape(rank, inputs)),
                manager.create(b, new Shape(outputs, rank)),
                target.scale());
    }

    private static void uniform(float[] values, int inputs, SplittableRandom random) {
        double bound = 1 / Math.sqrt(inputs);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (bound * (2 * random.nextDouble() - 1));
        }
    }

    /** Names the targets one by one, as PEFT's own files do. */
    private static AdapterConfig resolved(AdapterConfig config, AdapterTargets targets) {
        ModuleNames names = config.targetModules();
        boolean transposed =
                targets.linear().values().stream().anyMatch(t -> t.weight().transposed());
        if (names.allLinear() || names.isEmpty()) {
            TreeSet<String> ends = new TreeSet<>();
            targets.linear().keySet().forEach(m -> ends.add(m.substring(m.lastIndexOf('.') + 1)));
            names = ModuleNames.of(List.copyOf(ends));
        } else if (names.pattern().isEmpty()) {
            names = ModuleNames.of(List.copyOf(new TreeSet<>(names.names())));
        }
        return config.with(names, transposed);
    }

    /**
     * Loads an adapter onto a decoder. If the decoder has others, their changes are added.
     *
     * @param decoder the base, with its weights, of any type
     * @param directory the adapter's directory, in PEFT's layout
     * @return the adapter
     * @throws CheckpointException if there is none, it breaks its formats' rules, is of a kind that
     *     can't be computed here, or isn't one of this base; nothing has been changed then
     * @throws IOException if reading fails
     * @throws IllegalStateException if the model is closed
     */
    public static LoraAdapters load(CausalDecoder decoder, Path directory) throws IOException {
        return load(decoder, List.of(directory)).get(0);
    }

    /**
     * Loads adapters onto a decoder, all or none. Their changes are added, each with its own scale.
     *
     * @param decoder the base, with its weights, of any type
     * @param directories the adapters' directories, in PEFT's layout
     * @return the adapters
     * @throws CheckpointException as {@link #load(CausalDecoder, Path)} throws it, or if two
     *     replace one weight
     * @throws IOException if reading fails
     * @throws IllegalStateException if the model is closed
     */
    public static List<LoraAdapters> load(CausalDecoder decoder, List<Path> directories)
            throws IOException {
        List<LoraAdapters> loaded = new ArrayList<>();
        Map<String, Adapter> adapters = new LinkedHashMap<>();
        Map<String, NDArray> replaced = new LinkedHashMap<>();
        try (NDManager manager = decoder.newRequestManager()) {
            for (Path path : directories) {
                try (AdapterDirectory directory = AdapterDirectory.open(path)) {
                    AdapterTargets targets = directory.check(decoder);
                    directory
                            .adapters(targets, manager)
                            .forEach((name, one) -> adapters.merge(name, one, Adapter::plus));
                    for (String name : targets.saved()) {
                        if (replaced.containsKey(name)) {
                            throw new CheckpointException(
                                    path,
                                    "replaces %s, and so does another adapter; use one of them"
                                            .formatted(name));
                        }
                        String tensor = AdapterDirectory.saved(name);
                        replaced.put(name, directory.read(tensor, manager));
                    }
                    loaded.add(new LoraAdapters(decoder, directory.config(), targets));
                }
            }
            decoder.adapters()
                    .forEach((name, own) -> adapters.computeIfPresent(name, (n, a) -> own.plus(a)));
            decoder.replaceWeights(replaced);
            decoder.setAdapters(adapters);
        }
        return loaded;
    }

    /** {@return the configuration} */
    public AdapterConfig config() {
        return config;
    }

    /**
     * Returns what training changes: A, B and the modules that are trained whole. The base is
     * frozen. A training drops the share of A's inputs that the configuration says.
     *
     * @param seed decides, with a step's number and a row's place in it, which ones are dropped
     * @return the weights to train
     * @throws IllegalStateException if the decoder has other adapters too
     */
    public Trainable trainable(long seed) {
        requireAlone();
        return Trainable.adapters(decoder, targets.saved()::contains, config.loraDropout(), seed);
    }

    /** Others' changes may be within the same matrices. */
    private void requireAlone() {
        TreeSet<String> own = new TreeSet<>();
        targets.linear().forEach((module, target) -> own.add(module + ".weight"));
        boolean alone =
                decoder.adapters().keySet().equals(own)
                        && targets.linear().entrySet().stream()
                                .allMatch(
                                        e ->
                                                decoder.adapters()
                                                                .get(e.getKey() + ".weight")
                                                                .a()
                                                                .getShape()
                                                                .get(0)
                                                        == e.getValue().rank());
        if (!alone) {
            throw new IllegalStateException(
                    "the model has other adapters than this one: load it alone on its base");
        }
    }

    /**
     * Returns the files that make a saved state of a training a directory of PEFT's, beside the
     * tensors of {@link #trainable}.
     *
     * @return {@code adapter_config.json} by its name
     */
    public Map<String, byte[]> files() {
        return Map.of(AdapterConfig.FILE, config.toJson());
    }

    /**
     * Writes the adapter as it is now, in PEFT's layout, whole or not at all.
     *
     * @param directory where: absent, or an empty directory
     * @throws java.nio.file.FileAlreadyExistsException if something is there
     * @throws IOException if writing fails; nothing is left behind
     * @throws IllegalStateException if the decoder has other adapters too, or is closed
     */
    public void write(Path directory) throws IOException {
        ArraySource tensors = new ArraySource(trainable(0).model());
        try (AtomicDirectory out = AtomicDirectory.begin(directory)) {
            CheckpointWriter.writeFile(
                    out.path().resolve(AdapterDirectory.TENSORS), tensors.specs(), tensors);
            WholeFile.create(out.path().resolve(AdapterConfig.FILE), config.toJson());
            out.commit();
        }
    }
}
