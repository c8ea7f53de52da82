package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.checkpoint.Checkpoint;
import ai.llm360.common.checkpoint.TensorInfo;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.common.finetune.AdapterConfig;
import ai.llm360.common.finetune.AdapterDirectory;
import ai.llm360.io.internal.PlainText;
import ai.llm360.zoo.AdaptedReference;
import ai.llm360.zoo.PartialCheckpoint;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 info}: shows what a checkpoint holds, here or on the Hub, by its headers. */
@Command(
        name = "info",
        description = "Shows what a checkpoint holds: its model, sizes, types, files and tensors.")
final class InfoCommand extends Verb {

    @Parameters(
            index = "0",
            paramLabel = "REF",
            completionCandidates = ModelNames.class,
            description =
                    ModelNames.REF
                            + ModelNames.ADAPTER
                            + " A path may also be one file's. Of what isn't on this machine, the"
                            + " Hub is asked for the headers.")
    private String reference;

    @Option(names = "--tensors", description = "List the tensors.")
    private boolean listTensors;

    private record TypeUse(String dtype, long tensors, long bytes) {}

    private record FileSize(String name, long bytes) {}

    private record Tensor(
            String name, String dtype, List<Long> shape, String shard, long offset, long bytes) {}

    private record AdapterInfo(
            String path,
            JsonObject config,
            double scale,
            long parameters,
            long tensors,
            long bytes) {}

    private record Info(
            String path,
            String hub,
            long transferred,
            String layout,
            JsonObject config,
            long parameters,
            long tensorCount,
            long bytes,
            List<TypeUse> dtypes,
            List<FileSize> shards,
            List<String> unlisted,
            List<String> untied,
            List<AdapterInfo> adapters,
            List<Tensor> tensors) {}

    @Override
    public Integer call() throws ModelNotFoundException, IOException {
        AdaptedReference adapted = AdaptedReference.parse(reference);
        PartialCheckpoint found = zoo().resolve(adapted.base()).partial();
        try (Checkpoint checkpoint = found.headers()) {
            JsonObject config = config(found);
            Info info = info(found, checkpoint, config, adapters(found, adapted, config));
            output.result(info, () -> print(info));
        }
        return 0;
    }

    /** Reads adapters by their headers; each is to be one of the model. */
    private static List<AdapterInfo> adapters(
            PartialCheckpoint found, AdaptedReference adapted, JsonObject config)
            throws IOException {
        List<Path> directories = new ArrayList<>(adapted.adapters());
        if (config == null && Files.exists(found.path().resolve(AdapterConfig.FILE))) {
            directories.add(0, found.path());
        }
        List<AdapterInfo> adapters = new ArrayList<>();
        for (Path directory : directories) {
            try (AdapterDirectory adapter = found.adapter(directory)) {
                Checkpoint tensors = adapter.tensors();
                byte[] json = adapter.config().toJson();
                adapters.add(
                        new AdapterInfo(
                                directory.toString(),
                                JsonParser.parseString(new String(json, StandardCharsets.UTF_8))
                                        .getAsJsonObject(),
                                adapter.config().scale(),
                                tensors.parameterCount(),
                                tensors.tensors().size(),
                                tensors.byteSize()));
            }
        }
        return adapters;
    }

    /** Reads the config.json in the directory or beside the file; null if there is none. */
    private static JsonObject config(PartialCheckpoint found) throws IOException {
        Optional<String> text = found.config();
        if (text.isEmpty()) {
            return null;
        }
        Path path = found.path();
        Path directory = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
        Path file = directory.resolve("config.json");
        try {
            JsonElement config = JsonParser.parseString(text.get());
            if (config.isJsonObject()) {
                return config.getAsJsonObject();
            }
            throw new IOException(file + ": not a JSON object");
        } catch (JsonParseException e) {
            throw new IOException(file + ": not valid JSON: " + PlainText.jsonProblem(e), e);
        }
    }

    private Info info(
            PartialCheckpoint found,
            Checkpoint checkpoint,
            JsonObject config,
            List<AdapterInfo> adapters)
            throws IOException {
        List<FileSize> shards = new ArrayList<>();
        for (Path shard : checkpoint.shards()) {
            shards.add(new FileSize(shard.getFileName().toString(), Files.size(shard)));
        }
        return new Info(
                checkpoint.location().toString(),
                found.remote().map(remote -> remote.endpoint().toString()).orElse(null),
                found.transferred(),
                checkpoint.layout().name().toLowerCase(Locale.ROOT),
                config,
                checkpoint.parameterCount(),
                checkpoint.tensors().size(),
                checkpoint.byteSize(),
                types(checkpoint),
                shards,
                checkpoint.unlisted(),
                found.untied(checkpoint),
                adapters,
                listTensors ? tensors(checkpoint) : null);
    }

    private static List<TypeUse> types(Checkpoint checkpoint) {
        List<TypeUse> uses = new ArrayList<>();
        for (TensorType type : TensorType.values()) {
            List<TensorInfo> of =
                    checkpoint.tensors().values().stream().filter(t -> t.type() == type).toList();
            if (!of.isEmpty()) {
                long bytes = of.stream().mapToLong(TensorInfo::byteLength).sum();
                uses.add(new TypeUse(type.torchName(), of.size(), bytes));
            }
        }
        return uses;
    }

    private static List<Tensor> tensors(Checkpoint checkpoint) {
        return checkpoint.tensors().values().stream()
                .map(
                        tensor ->
                                new Tensor(
                                        tensor.name(),
                                        tensor.type().torchName(),
                                        Arrays.stream(tensor.shape().getShape()).boxed().toList(),
                                        tensor.file().getFileName().toString(),
                                        tensor.offset(),
                                        tensor.byteLength()))
                .toList();
    }

    private void print(Info info) {
        output.line(info.path());
        List<List<?>> facts = new ArrayList<>(ConfigSummary.of(info.config()));
        facts.add(List.of("parameters", String.format(Locale.ROOT, "%,d", info.parameters())));
        facts.add(List.of("tensors", info.tensorCount() + ", " + size(info.bytes())));
        for (TypeUse use : info.dtypes()) {
            facts.add(
                    List.of(
                            use.dtype(),
                            Output.count(use.tensors(), "tensor") + ", " + size(use.bytes())));
        }
        facts.add(List.of("layout", info.layout().replace('_', ' ')));
        for (FileSize shard : info.shards()) {
            facts.add(
                    List.of(
                            info.shards().size() == 1 ? "file" : "shard",
                            shard.name() + ", " + size(shard.bytes())));
        }
        if (!info.unlisted().isEmpty()) {
            facts.add(List.of("not in the index", String.join(", ", info.unlisted())));
        }
        if (!info.untied().isEmpty()) {
            facts.add(
                    List.of(
                            "not tied",
                            String.join(", ", info.untied())
                                    + " is used, though config.json says that it is a copy"));
        }
        for (AdapterInfo adapter : info.adapters()) {
            facts.add(List.of("adapter", text(adapter)));
        }
        if (info.hub() != null) {
            facts.add(List.of("transferred", size(info.transferred()) + " from " + info.hub()));
        }
        output.rows(facts);
        if (info.tensors() != null) {
            output.line("");
            output.table(
                    List.of("tensor", "dtype", "shape", "shard", "bytes"),
                    info.tensors(),
                    tensor ->
                            List.of(
                                    tensor.name(),
                                    tensor.dtype(),
                                    tensor.shape(),
                                    tensor.shard(),
                                    tensor.bytes()));
        }
    }

    private static String text(AdapterInfo adapter) {
        JsonElement targets = adapter.config().get("target_modules");
        JsonElement whole = adapter.config().get("modules_to_save");
        return String.format(
                Locale.ROOT,
                "%s: rank %s, scale %s, on %s%s; %,d parameters, %s",
                adapter.path(),
                adapter.config().get("r"),
                adapter.scale(),
                names(targets),
                whole.isJsonNull() ? "" : ", whole " + names(whole),
                adapter.parameters(),
                size(adapter.bytes()));
    }

    private static String names(JsonElement modules) {
        if (modules.isJsonNull()) {
            return "q_proj, v_proj";
        }
        return modules.isJsonPrimitive()
                ? PlainText.shorten(modules.getAsString())
                : PlainText.shorten(
                        modules.getAsJsonArray().asList().stream()
                                .map(JsonElement::getAsString)
                                .collect(Collectors.joining(", ")));
    }

    private static String size(long bytes) {
        return bytes < 1000
                ? ByteSize.format(bytes)
                : String.format(Locale.ROOT, "%s (%,d bytes)", ByteSize.format(bytes), bytes);
    }
}
