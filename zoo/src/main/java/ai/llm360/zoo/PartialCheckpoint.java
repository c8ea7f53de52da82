package ai.llm360.zoo;

import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.HubConfig;
import ai.llm360.common.checkpoint.IgnoreRule;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.finetune.AdapterDirectory;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.RemoteSnapshot;
import ai.llm360.zoo.catalogue.PublishedRepository;
import ai.llm360.zoo.djl.Architecture;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A checkpoint of which parts are read: on this machine if it is at hand, else on the Hub, where
 * only the bytes that are needed are asked for.
 *
 * <pre>{@code
 * PartialCheckpoint checkpoint = Zoo.ofEnvironment().resolve("amber@ckpt-200").partial();
 * TensorRows rows = checkpoint.read("model.layers.0.self_attn.q_proj.weight", 0, 16);
 * System.out.println(rows.statistics() + ", " + checkpoint.transferred() + " bytes transferred");
 * }</pre>
 *
 * <p>Bytes that come by ranges have no hash to be checked by: each answer must be of the file that
 * the Hub lists, and a download of the whole file is what proves its bytes. May be used from
 * several threads at once.
 *
 * @param path a directory or file of this machine, or of a {@link RemoteSnapshot}
 * @param remote the commit on the Hub; empty for a checkpoint on this machine
 */
public record PartialCheckpoint(Path path, Optional<RemoteSnapshot> remote) {

    static PartialCheckpoint at(Path path) {
        return new PartialCheckpoint(path, Optional.empty());
    }

    static PartialCheckpoint remote(HubClient hub, HubReference wanted) throws IOException {
        RemoteSnapshot snapshot =
                PublishedRepository.first(
                        hub, wanted.repository(), name -> hub.remote(name, wanted.revision()));
        return new PartialCheckpoint(snapshot.root(), Optional.of(snapshot));
    }

    /** {@return the bytes that the network has brought so far; 0 for one on this machine} */
    public long transferred() {
        return remote.map(RemoteSnapshot::transferred).orElse(0L);
    }

    /**
     * Reads the model's configuration.
     *
     * @return the text of {@code config.json}, in the directory or beside the file; empty if there
     *     is none
     */
    public Optional<String> config() throws IOException {
        Path directory = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
        Path file = directory.resolve("config.json");
        return Files.isRegularFile(file) ? Optional.of(HubConfig.text(file)) : Optional.empty();
    }

    /**
     * Reads the headers of all files: names, types, shapes and sizes of the tensors, without their
     * bytes.
     *
     * @return the open checkpoint, the caller's to close; its tensors may be read too
     * @throws IOException if reading fails, or there is no checkpoint
     */
    public Checkpoint headers() throws IOException {
        return Checkpoint.open(path);
    }

    /**
     * Opens an adapter and compares its headers with this checkpoint's configuration, if there is
     * one.
     *
     * @param directory the adapter's directory, in PEFT's layout
     * @return the adapter, the caller's to close
     * @throws IOException if it is none, or not one of this model
     * @throws IllegalArgumentException if the configuration describes a model that the zoo has no
     *     block for
     */
    public AdapterDirectory adapter(Path directory) throws IOException {
        AdapterDirectory adapter = AdapterDirectory.open(directory);
        try {
            Optional<String> config = config();
            if (config.isPresent()) {
                adapter.requireFits(Architecture.describedBy(config.get()));
            }
            return adapter;
        } catch (IOException | RuntimeException e) {
            adapter.close();
            throw e;
        }
    }

    /**
     * Finds the tensors that the model uses although its configuration takes them for copies. Those
     * of a checkpoint that isn't on this machine aren't compared: that would bring them here.
     *
     * @param checkpoint this checkpoint's {@link #headers}
     * @return their names, such as {@code lm_head.weight}; none where there is no configuration, or
     *     none that the zoo has a block for
     */
    public List<String> untied(Checkpoint checkpoint) throws IOException {
        Optional<String> text = config();
        List<String> untied = new ArrayList<>();
        if (text.isEmpty() || remote.isPresent()) {
            return untied;
        }
        List<IgnoreRule> rules;
        try {
            rules = Architecture.ignoredTensors(text.get());
        } catch (IllegalArgumentException | JsonParseException e) {
            return untied;
        }
        for (IgnoreRule rule : rules) {
            if (rule.flag().isPresent()) {
                rule.differing(checkpoint).ifPresent(tensor -> untied.add(tensor.name()));
            }
        }
        return untied;
    }

    /**
     * Reads a tensor. Of a checkpoint in several files, only the index and the file that holds the
     * tensor are looked at.
     *
     * @return the tensor, as it is stored
     * @throws IllegalArgumentException if there is no such tensor; the message lists similar names
     */
    public TensorRows read(String tensor) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(path, List.of(tensor))) {
            return read(checkpoint, tensor, 0, checkpoint.get(tensor).rows());
        }
    }

    /**
     * Reads rows of a tensor, that is a slice of dimension 0.
     *
     * @param fromRow the first row
     * @param toRow the row after the last one
     * @return the rows, as they are stored
     * @throws IllegalArgumentException if there is no such tensor, or it has no such rows
     */
    public TensorRows read(String tensor, long fromRow, long toRow) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(path, List.of(tensor))) {
            return read(checkpoint, tensor, fromRow, toRow);
        }
    }

    private static TensorRows read(Checkpoint checkpoint, String tensor, long from, long to)
            throws IOException {
        TensorInfo info = checkpoint.get(tensor);
        return new TensorRows(
                info, from, to, info.type(), checkpoint.read(tensor, info.type(), from, to));
    }
}
