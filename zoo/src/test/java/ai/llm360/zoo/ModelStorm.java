package ai.llm360.zoo;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.generate.GenerationConfig;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.generate.TokenStream;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.model.WeightPreparation;
import ai.llm360.common.model.WeightType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Threads that open, use, interrupt and close the same few models with no regard for each other.
 * They may meet an exception that says that a model is closed; nothing else, and no crash.
 *
 * <p>A longer storm than a test has time for: {@code ModelStorm SECONDS THREADS}.
 */
final class ModelStorm {

    private static final GenerationConfig CONFIG =
            GenerationConfig.builder().optMaxNewTokens(12).optIgnoreEos(true).build();

    private record Kind(Path directory, WeightType type) {}

    private record Loaded(ZooModel<String, String> model, TextGenerator generator) {}

    private final List<Kind> kinds = new ArrayList<>();
    private final AtomicReferenceArray<Loaded> slots;
    private final List<Thread> threads = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    final AtomicInteger done = new AtomicInteger();
    final AtomicInteger refused = new AtomicInteger();

    /** Makes the models: float32, bfloat16, int8, and what is prepared of the latter two. */
    ModelStorm(Path source, Path temp) throws Exception {
        for (String name : List.of("plain", "prepared")) {
            Path directory = temp.resolve(name);
            CheckpointConverter.builder()
                    .setSource(source)
                    .setTarget(directory)
                    .optType(TensorType.BF16)
                    .build()
                    .convert();
            for (String file : List.of("tokenizer.json", "tokenizer.model")) {
                if (Files.exists(source.resolve(file)) && !Files.exists(directory.resolve(file))) {
                    Files.copy(source.resolve(file), directory.resolve(file));
                }
            }
        }
        kinds.add(new Kind(source, WeightType.FP32));
        kinds.add(new Kind(temp.resolve("plain"), WeightType.BF16));
        kinds.add(new Kind(source, WeightType.BF16));
        Path prepared = temp.resolve("prepared");
        kinds.add(new Kind(temp.resolve("plain"), WeightType.INT8));
        CausalDecoder block = Criteria.newBlock(prepared.toString());
        WeightPreparation.prepare(block, prepared, WeightType.INT8, null);
        kinds.add(new Kind(prepared, WeightType.INT8));
        slots = new AtomicReferenceArray<>(kinds.size());
    }

    /** Runs so many threads for a time; returns failures that no closing explains. */
    List<Throwable> run(int count, long milliseconds) throws InterruptedException {
        long end = System.nanoTime() + milliseconds * 1_000_000;
        for (int i = 0; i < count; i++) {
            SplittableRandom random = new SplittableRandom(360 + i);
            threads.add(
                    new Thread(
                            () -> {
                                while (System.nanoTime() < end) {
                                    act(random);
                                }
                            },
                            "storm-" + i));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        for (int slot = 0; slot < slots.length(); slot++) {
            replace(slot, null);
        }
        return failures;
    }

    private void act(SplittableRandom random) {
        int slot = random.nextInt(kinds.size());
        Loaded loaded = slots.get(slot);
        try {
            int action = random.nextInt(100);
            if (loaded == null || action < 5) {
                Kind kind = kinds.get(slot);
                ZooModel<String, String> model =
                        Criteria.of(kind.directory().toString())
                                .optDtype(kind.type())
                                .optArgument("max_new_tokens", 12)
                                .loadModel();
                replace(slot, new Loaded(model, Criteria.generator(model)));
            } else if (action < 10) {
                replace(slot, null);
            } else if (action < 15) {
                threads.get(random.nextInt(threads.size())).interrupt();
            } else {
                use(loaded, action);
                done.incrementAndGet();
            }
        } catch (Exception | Error e) {
            if (explained(e)) {
                refused.incrementAndGet();
            } else {
                synchronized (failures) {
                    failures.add(e);
                }
            }
        } finally {
            Thread.interrupted();
        }
    }

    private static void use(Loaded loaded, int action) throws TranslateException {
        TextGenerator generator = loaded.generator();
        CausalDecoder decoder = (CausalDecoder) loaded.model().getBlock();
        if (action < 30) {
            try (Predictor<String, String> predictor = loaded.model().newPredictor()) {
                predictor.predict("once upon a time");
            }
        } else if (action < 50) {
            try (TokenStream stream = generator.stream("once upon", CONFIG)) {
                for (int i = 0; i < 1 + action % 12; i++) {
                    stream.next();
                }
            }
        } else if (action < 60) {
            generator.stream("once", CONFIG).next(); // and forgets it
        } else if (action < 75) {
            generator.generate(List.of("once upon", "a", "time upon a time"), CONFIG);
        } else if (action < 90) {
            generator.score("once upon a time");
        } else {
            try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
                List<NDArray> states =
                        decoder.hiddenStates(manager, new long[][] {{1, 2, 3, 4, 5}});
                new NDList(states).forEach(NDArray::toFloatArray);
            }
        }
    }

    private void replace(int slot, Loaded next) {
        Loaded before = slots.getAndSet(slot, next);
        if (before != null) {
            before.model().close();
        }
    }

    /**
     * A model, its tokenizer, or a manager of DJL's that hung on it, was closed; or so a thread.
     */
    private static boolean explained(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (message.contains("closed") || message.contains("released")) {
                return true;
            }
            if (cause instanceof java.nio.channels.ClosedByInterruptException) {
                return true;
            }
        }
        return false;
    }

    /** Runs a storm of given seconds and threads, on all kinds of weights or on one of them. */
    public static void main(String[] args) throws Exception {
        Path temp = Files.createTempDirectory("storm");
        ModelStorm storm = new ModelStorm(Reference.resolve("amber-nano@latest"), temp);
        if (args.length > 2) {
            storm.kinds.removeIf(kind -> !kind.toString().contains(args[2]));
        }
        List<Throwable> failures =
                storm.run(Integer.parseInt(args[1]), 1000L * Integer.parseInt(args[0]));
        failures.stream().limit(5).forEach(Throwable::printStackTrace);
        System.out.println(
                storm.done
                        + " done, "
                        + storm.refused
                        + " refused, "
                        + failures.size()
                        + " failed");
        System.exit(failures.isEmpty() ? 0 : 1);
    }
}
