package ai.llm360.zoo.transfer;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.CheckpointConverter;
import ai.llm360.common.checkpoint.CheckpointException;
import ai.llm360.common.checkpoint.IgnoreRule;
import ai.llm360.common.checkpoint.ModelConfig;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.run.ModelManifest;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubPass;
import ai.llm360.hub.RemoteSnapshot;
import ai.llm360.hub.TransferListener;
import ai.llm360.io.internal.AtomicDirectory;
import ai.llm360.io.internal.WholeFile;
import ai.llm360.zoo.catalogue.PublishedCheckpoint;
import ai.llm360.zoo.catalogue.PublishedRepository;
import ai.llm360.zoo.djl.Architecture;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Downloads a published checkpoint in another type, and keeps nothing but that: 27 GB of float32
 * never touch the disk.
 *
 * <pre>{@code
 * PublishedCheckpoint checkpoint = zoo.catalogue().find("amber", "ckpt-200").orElseThrow();
 * Path directory = zoo.home().resolve("amber/ckpt-200");
 * new CastDownload(
 *                 zoo.client(), checkpoint, TensorType.BF16, directory, TransferListener.none())
 *         .run();
 * }</pre>
 *
 * <p>Each source file comes once, front to back, and is cast while it comes in. All of its bytes go
 * through the hash that the Hub lists; the directory appears when every hash was right, and not at
 * all otherwise. It is safetensors, with the configuration and the tokenizer's files, without
 * tensors that the model has no use for, with {@value CastSource#FILE}, which says where it came
 * from, and {@value ModelManifest#FILE}, by which it can be verified. Broken connections are taken
 * up where they broke; after a kill, it starts again.
 *
 * @param client the client of the Hub
 * @param checkpoint the checkpoint to download
 * @param type the floating-point type to keep; integers and booleans stay as they are
 * @param directory the directory to make: a path where nothing is, or an empty directory; in a
 *     model home, {@code <home>/<model>/<checkpoint>}, it is loaded by its name
 * @param listener is told of bytes of the source's files
 */
public record CastDownload(
        HubClient client,
        PublishedCheckpoint checkpoint,
        TensorType type,
        Path directory,
        TransferListener listener) {

    private static final String CONFIG = "config.json";

    /**
     * Says what a download does or has done.
     *
     * @param directory the directory
     * @param commit the commit that it comes from
     * @param here whether it was there already, of the same commit and type
     * @param sourceBytes the size of the source's files
     * @param bytes the size of the tensors in their new type
     * @param transferred how many bytes the network has brought so far
     */
    public record Report(
            Path directory,
            String commit,
            boolean here,
            long sourceBytes,
            long bytes,
            long transferred) {}

    /**
     * Finds out what a download would do, from the headers of the source's files.
     *
     * @throws CheckpointException if the source can't be cast on its way
     * @throws IOException if the Hub doesn't give it
     */
    public Report plan() throws IOException {
        try (HubPass pass = pass();
                Checkpoint source = Checkpoint.open(pass.remote().root())) {
            return report(pass, source, withoutReading(allRules(pass), source));
        }
    }

    /**
     * Downloads the checkpoint, unless it is there.
     *
     * @return what was done
     * @throws java.nio.file.FileAlreadyExistsException if something else is in the directory
     * @throws CheckpointException if the source is no valid checkpoint, or can't be cast on its way
     * @throws ai.llm360.hub.HubException if the Hub doesn't give it, its bytes are damaged, or the
     *     disk has no room; nothing is left behind
     * @throws IOException if reading or writing fails; nothing is left behind
     */
    public Report run() throws IOException {
        try (HubPass pass = pass();
                Checkpoint source = Checkpoint.open(pass.remote().root())) {
            List<IgnoreRule> all = allRules(pass);
            List<IgnoreRule> rules = withoutReading(all, source);
            Report plan = report(pass, source, rules);
            if (plan.here()) {
                return plan;
            }
            try (AtomicDirectory out = AtomicDirectory.begin(directory)) {
                client.requireSpace(out.path(), plan.bytes(), name(pass.remote()));
                pass.begin(listener);
                CheckpointConverter.builder()
                        .setSource(source)
                        .setTarget(out.path())
                        .optType(type)
                        .optIgnored(rules)
                        .optStoredOrder()
                        .build()
                        .convertInPlace();
                pass.finish();
                correctConfig(all, out.path());
                origin(pass, source).write(out.path());
                WholeFile.replace(
                        out.path().resolve(ModelManifest.FILE),
                        ModelManifest.of(out.path(), smallFiles(out.path())).toJson());
                out.commit();
            }
            return report(pass, source, rules);
        }
    }

    private HubPass pass() throws IOException {
        return PublishedRepository.first(
                client, checkpoint.repository(), name -> client.pass(name, checkpoint.revision()));
    }

    private static String name(RemoteSnapshot remote) {
        return remote.repository() + "@" + remote.commit();
    }

    private static List<String> smallFiles(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.endsWith(".safetensors"))
                    .sorted()
                    .toList();
        }
    }

    /** Returns the rules for what the model has no use for. */
    private List<IgnoreRule> allRules(HubPass pass) throws IOException {
        Path config = pass.remote().root().resolve(CONFIG);
        if (!Files.isRegularFile(config)) {
            return List.of();
        }
        String text = new String(Files.readAllBytes(config), StandardCharsets.UTF_8);
        PublishedRepository.require(
                client.settings(), pass.remote().repository(), name(pass.remote()), text);
        try {
            return Architecture.ignoredTensors(text);
        } catch (IllegalArgumentException | JsonParseException e) {
            return List.of();
        }
    }

    /**
     * Returns the rules that the headers decide. A copy of another tensor is left out only where
     * both are the same bytes of a file: else they would have to be compared, and pass by one after
     * the other.
     */
    private static List<IgnoreRule> withoutReading(List<IgnoreRule> rules, Checkpoint source) {
        return rules.stream().filter(rule -> rule.needsNoReading(source)).toList();
    }

    /** Compares the copies that came along, and takes back what config.json wrongly claims. */
    private static void correctConfig(List<IgnoreRule> rules, Path directory) throws IOException {
        try (Checkpoint cast = Checkpoint.open(directory)) {
            List<IgnoreRule> broken = IgnoreRule.broken(rules, cast);
            if (!broken.isEmpty()) {
                Path config = directory.resolve(CONFIG);
                String corrected = ModelConfig.read(config).takeBack(broken).toJson();
                WholeFile.replace(config, corrected.getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private Report report(HubPass pass, Checkpoint source, List<IgnoreRule> rules)
            throws IOException {
        long sourceBytes = 0;
        for (Path shard : source.shards()) {
            sourceBytes += Files.size(shard);
        }
        List<TensorInfo> wanted =
                source.tensors().values().stream()
                        .filter(t -> rules.stream().noneMatch(rule -> rule.matches(t.name())))
                        .toList();
        requireOnePass(wanted);
        long bytes = 0;
        for (TensorInfo tensor : wanted) {
            TensorType cast = tensor.type().isFloatingPoint() ? type : tensor.type();
            bytes += tensor.elementCount() * cast.byteSize();
        }
        CastSource origin = origin(pass, source);
        boolean here = CastSource.read(directory).filter(origin::isSame).isPresent();
        RemoteSnapshot remote = pass.remote();
        return new Report(
                directory, remote.commit(), here, sourceBytes, bytes, remote.transferred());
    }

    private static void requireOnePass(List<TensorInfo> wanted) throws CheckpointException {
        List<TensorInfo> inOrder = new ArrayList<>(wanted);
        inOrder.sort(
                Comparator.comparing((TensorInfo tensor) -> tensor.file().toString())
                        .thenComparingLong(TensorInfo::offset));
        TensorInfo before = null;
        for (TensorInfo tensor : inOrder) {
            boolean overlaps =
                    before != null
                            && before.file().equals(tensor.file())
                            && tensor.offset() < before.offset() + before.spanBytes();
            if (overlaps || !tensor.isContiguous()) {
                throw new CheckpointException(
                        tensor.file(),
                        "tensor '%s' %s, so it can't be cast while it comes in; download the checkpoint as it is and convert it"
                                .formatted(
                                        tensor.name(),
                                        overlaps
                                                ? "shares bytes with '" + before.name() + "'"
                                                : "isn't packed"));
            }
            before = tensor;
        }
    }

    private CastSource origin(HubPass pass, Checkpoint source) {
        List<HubFile> files = source.shards().stream().map(pass::file).toList();
        RemoteSnapshot from = pass.remote();
        return CastSource.of(from.repository(), checkpoint.revision(), from.commit(), type, files);
    }
}
