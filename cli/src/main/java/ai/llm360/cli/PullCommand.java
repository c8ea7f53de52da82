package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.zoo.Catalogue;
import ai.llm360.zoo.hub.HubClient;
import ai.llm360.zoo.hub.HubFile;
import ai.llm360.zoo.hub.HubPlan;
import ai.llm360.zoo.hub.HubSettings;
import ai.llm360.zoo.hub.HubSnapshot;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code llm360 pull}: downloads checkpoints from the Hugging Face Hub into its cache. */
@Command(
        name = "pull",
        description = {
            "Downloads checkpoints from the Hugging Face Hub into the cache that Python uses too.",
            "What is there already isn't downloaded again, and a broken download goes on where it"
                    + " stopped. HF_HOME, HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE are honoured."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class PullCommand implements Callable<Integer> {

    @Parameters(
            arity = "1..*",
            paramLabel = "REF",
            description =
                    "A published checkpoint: amber@ckpt-200, crystalcoder@latest. Several:"
                            + " amber@0..359:40. Or any repository and its branch, tag or commit:"
                            + " LLM360/Amber@ckpt_200; without @, the branch main.")
    private List<String> references;

    @Option(names = "--plan", description = "Say what would be downloaded, and do nothing.")
    private boolean planOnly;

    @Option(
            names = "--include",
            paramLabel = "GLOB",
            converter = Glob.class,
            description =
                    "Only files whose path matches, such as '*.json'; may be given several times.")
    private List<PathMatcher> include = List.of();

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = FileType.class,
            description =
                    "fp32, bf16 or fp16: cast the weights while they come in and keep only that, as"
                            + " safetensors in the model home. Works on names such as"
                            + " amber@ckpt-200; a process that is killed starts again.")
    private TensorType dtype;

    @Mixin private Output output;

    private final Terminal terminal;
    private final Callable<HubSettings> settings;

    PullCommand(Terminal terminal) {
        this(terminal, HubSettings::ofEnvironment);
    }

    PullCommand(Terminal terminal, Callable<HubSettings> settings) {
        this.terminal = terminal;
        this.settings = settings;
    }

    private record Pull(
            String repository,
            String revision,
            String commit,
            String path,
            List<String> files,
            long bytes,
            long missingFiles,
            long missingBytes) {}

    private record Result(boolean planned, List<Pull> checkpoints) {}

    @Override
    public Integer call() throws Exception {
        HubClient client = HubClient.builder().setSettings(settings.call()).build();
        if (dtype != null) {
            if (!include.isEmpty()) {
                throw new IOException(
                        "--dtype makes whole checkpoints, and --include chooses files: give one of"
                                + " them");
            }
            new CastPull(client, dtype, planOnly, terminal, output).run(references);
            return 0;
        }
        List<Pull> pulls = new ArrayList<>();
        // All plans come first: a name that is wrong is told before hours of downloading.
        List<HubPlan> plans = new ArrayList<>();
        for (String reference : references) {
            for (Wanted wanted : Wanted.of(reference)) {
                plans.add(client.plan(wanted.repository(), wanted.revision(), this::isIncluded));
            }
        }
        for (HubPlan plan : plans) {
            String path = planOnly ? null : download(client, plan).directory().toString();
            pulls.add(pull(plan, path));
        }
        Result result = new Result(planOnly, pulls);
        output.result(result, () -> pulls.forEach(this::print));
        return 0;
    }

    private boolean isIncluded(String path) {
        return include.isEmpty() || include.stream().anyMatch(glob -> glob.matches(Path.of(path)));
    }

    private HubSnapshot download(HubClient client, HubPlan plan) throws IOException {
        try (ByteProgress progress = new ByteProgress(terminal)) {
            return client.download(plan, progress);
        }
    }

    private static Pull pull(HubPlan plan, String path) {
        return new Pull(
                plan.repository(),
                plan.revision(),
                plan.commit(),
                path,
                plan.files().stream().map(HubFile::path).toList(),
                plan.bytes(),
                plan.missing().size(),
                plan.missingBytes());
    }

    private void print(Pull pull) {
        output.line(
                "%s@%s%s: %s, %s; %s %s"
                        .formatted(
                                pull.repository(),
                                pull.revision(),
                                pull.path() == null ? "" : " in " + pull.path(),
                                files(pull.files().size()),
                                ByteSize.format(pull.bytes()),
                                planOnly ? "to download:" : "downloaded:",
                                pull.missingFiles() == 0
                                        ? "nothing"
                                        : files(pull.missingFiles())
                                                + ", "
                                                + ByteSize.format(pull.missingBytes())));
    }

    private static String files(long count) {
        return count == 1 ? "1 file" : count + " files";
    }

    private record Wanted(String repository, String revision) {

        static List<Wanted> of(String reference) throws ModelNotFoundException {
            if (!reference.contains("/")) {
                return Catalogue.select(reference).checkpoints().stream()
                        .map(found -> new Wanted(found.repository(), found.revision()))
                        .toList();
            }
            int at = reference.indexOf('@');
            return List.of(
                    at < 0
                            ? new Wanted(reference, "main")
                            : new Wanted(reference.substring(0, at), reference.substring(at + 1)));
        }
    }

    private static final class Glob implements ITypeConverter<PathMatcher> {

        @Override
        public PathMatcher convert(String glob) {
            try {
                return FileSystems.getDefault().getPathMatcher("glob:" + glob);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(
                        "'%s' is no pattern: give one such as *.json".formatted(glob));
            }
        }
    }
}
