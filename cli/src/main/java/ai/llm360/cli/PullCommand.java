package ai.llm360.cli;

import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.zoo.Zoo;
import ai.llm360.zoo.transfer.CacheTarget;
import ai.llm360.zoo.transfer.CastTarget;
import ai.llm360.zoo.transfer.HubMirror;
import ai.llm360.zoo.transfer.Pull;
import ai.llm360.zoo.transfer.PullTarget;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code llm360 pull}: downloads checkpoints from the Hugging Face Hub into its cache. */
@Command(
        name = "pull",
        description = {
            "Downloads checkpoints from the Hugging Face Hub into the cache that Python uses too.",
            "What is there already isn't downloaded again, and a broken download goes on where it"
                    + " stopped. HF_HOME, HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE are honoured."
        })
final class PullCommand extends Verb {

    @Parameters(
            arity = "1..*",
            paramLabel = "REF",
            completionCandidates = ModelNames.class,
            description =
                    "A published checkpoint: amber@ckpt-200, crystalcoder@latest. Several:"
                            + " amber@0..359:40. Or any repository and its branch, tag or commit:"
                            + " LLM360/Amber@ckpt_200; without @, the branch main.")
    private List<String> references;

    @Option(
            names = "--plan",
            description =
                    "Say what would be downloaded, what disk and time that takes, and do nothing.")
    private boolean planOnly;

    @Option(
            names = "--rate",
            paramLabel = "RATE",
            converter = ByteSize.Rate.class,
            description = "With --plan: how fast the line is, such as 50MB/s, to say the time for.")
    private Long rate;

    @Option(
            names = "--include",
            paramLabel = "GLOB",
            converter = PathGlob.class,
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

    @Option(
            names = "--to",
            paramLabel = "DIR",
            description =
                    "Make DIR a mirror of these checkpoints, or add them to one, in place of the"
                            + " cache: any web server can then be their Hub (HF_ENDPOINT), and"
                            + " llm360+file:///DIR/amber@ckpt-040 names one of them.")
    private Path mirror;

    @Override
    public Integer call() throws Exception {
        Zoo zoo = zoo();
        Pull pull = Pull.plan(zoo, target(zoo), references);
        if (planOnly) {
            PullReport.print(output, pull, rate);
            pull.requireSpace();
            return 0;
        }
        PullReport.print(output, pull, run(pull));
        return 0;
    }

    private List<Path> run(Pull pull) throws IOException {
        try (TransferBars bars =
                new TransferBars(terminal(), pull.bytesToDownload(), System::nanoTime)) {
            return pull.run(bars);
        }
    }

    private PullTarget target(Zoo zoo) throws IOException {
        Predicate<String> files = PathGlob.any(include);
        if (dtype == null) {
            return mirror == null
                    ? new CacheTarget(zoo.client(), files)
                    : new HubMirror(mirror, zoo.hub(), files);
        }
        if (mirror != null || !include.isEmpty()) {
            throw wrong(
                    "--dtype makes whole checkpoints in the model home; leave out --to and"
                            + " --include, or --dtype");
        }
        return new CastTarget(zoo, dtype);
    }
}
