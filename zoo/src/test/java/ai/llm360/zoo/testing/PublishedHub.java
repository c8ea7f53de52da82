package ai.llm360.zoo.testing;

import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.testing.TinyTokenizer;
import ai.llm360.crystalcoder.testing.TinyCrystalCoder;
import ai.llm360.hub.HubServer;
import ai.llm360.hub.ServedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A Hub with the branches that LLM360 published, each of them a tiny model with weights of its own.
 */
public final class PublishedHub {

    public static final String AMBER = "LLM360/Amber";
    public static final String CRYSTALCODER = "LLM360/CrystalCoder";

    private static final int VOCABULARY = 300;
    private static final String WEIGHTS = "model.safetensors";

    private final Path directory;
    private final HubServer server;

    private PublishedHub(Path directory, HubServer server) {
        this.directory = directory;
        this.server = server;
    }

    /** Starts one without repositories; a directory that doesn't exist yet is its workshop. */
    public static PublishedHub in(Path directory) throws IOException {
        return new PublishedHub(directory, HubServer.start());
    }

    public HubServer server() {
        return server;
    }

    /** Adds Amber's branches as the model card has them: the last checkpoint is the main branch. */
    public PublishedHub withAmber() throws IOException {
        return withAmber(amberBranches());
    }

    /** The branches beside the main one. */
    public static List<String> amberBranches() {
        return IntStream.range(0, 359).mapToObj("ckpt_%03d"::formatted).toList();
    }

    /** Adds Amber's main branch and others. */
    public PublishedHub withAmber(List<String> branches) throws IOException {
        return withAmber(AMBER, branches);
    }

    /** Adds Amber's main branch and others, by one of the names that its repository has had. */
    public PublishedHub withAmber(String repository, List<String> branches) throws IOException {
        Path model =
                TinyAmber.of(TinyAmber.sizes().setVocabularySize(VOCABULARY))
                        .writeTo(directory.resolve("amber"));
        return with(repository, model, branches);
    }

    /** Adds CrystalCoder's 143 branches, its main branch, and some of an older naming. */
    public PublishedHub withCrystalCoder() throws IOException {
        return withCrystalCoder(CRYSTALCODER);
    }

    /** Adds the same, by one of the names that its repository has had. */
    public PublishedHub withCrystalCoder(String repository) throws IOException {
        String config =
                TinyCrystalCoder.CONFIG.replace("\"vocab_size\": 96", "\"vocab_size\": 300");
        Path model = new TinyCrystalCoder(config).writeTo(directory.resolve("crystalcoder"));
        List<String> branches = new ArrayList<>(crystalCoderBranches());
        branches.addAll(List.of("mdl_phase1_step_1500", "mdl_phase2_step_3000", "refactor"));
        return with(repository, model, branches);
    }

    /** As many names as the Hub has, of the pattern and with the ends that are known. */
    public static List<String> crystalCoderBranches() {
        List<String> branches = new ArrayList<>();
        addPhase(branches, 1, 1500, 52, 79_721);
        addPhase(branches, 2, 3000, 71, 214_387);
        addPhase(branches, 3, 1000, 17, 27_728);
        return branches;
    }

    private static void addPhase(
            List<String> branches, int phase, int every, int count, int lastStep) {
        for (int i = 1; i <= count; i++) {
            branches.add("CrystalCoder_phase%d_checkpoint_%06d".formatted(phase, i * every));
        }
        branches.add("CrystalCoder_phase%d_checkpoint_%06d".formatted(phase, lastStep));
    }

    private PublishedHub with(String repository, Path model, List<String> branches)
            throws IOException {
        TinyTokenizer.llama().words("once", "upon", "a", "time").writeJson(model);
        byte[] weights = Files.readAllBytes(model.resolve(WEIGHTS));
        List<ServedFile> shared =
                List.of(
                        ServedFile.text(".gitattributes", "*.safetensors filter=lfs\n"),
                        text(model, "config.json"),
                        text(model, "tokenizer.json"));
        for (String branch : branches) {
            server.branch(repository, branch, files(shared, branch, weights));
        }
        server.branch(repository, "main", files(shared, "main", weights));
        return this;
    }

    private static ServedFile text(Path model, String name) throws IOException {
        return ServedFile.text(name, Files.readString(model.resolve(name)));
    }

    private static List<ServedFile> files(List<ServedFile> shared, String branch, byte[] weights) {
        List<ServedFile> files = new ArrayList<>(shared);
        files.add(ServedFile.text("eval_arc.json", "{\"of\": \"" + branch + "\"}"));
        files.add(new ServedFile(WEIGHTS, weightsOf(branch, weights), true));
        return files;
    }

    /** Draws a branch's weights around those of a safetensors file of float32. */
    private static byte[] weightsOf(String branch, byte[] safetensors) {
        byte[] drawn = safetensors.clone();
        ByteBuffer bytes = ByteBuffer.wrap(drawn).order(ByteOrder.LITTLE_ENDIAN);
        Random random = new Random(branch.hashCode());
        for (int at = 8 + (int) bytes.getLong(0); at < drawn.length; at += Float.BYTES) {
            bytes.putFloat(at, bytes.getFloat(at) * (float) (1 + 0.2 * random.nextGaussian()));
        }
        return drawn;
    }
}
