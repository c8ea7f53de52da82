package ai.llm360.hub;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** Downloads in a process of its own, which a test can watch, kill or starve. */
final class HubProcess implements AutoCloseable {

    private final Process process;
    private final BufferedReader out;

    private HubProcess(Process process) {
        this.process = process;
        out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /**
     * Starts a download of the branch {@code main}.
     *
     * @param prefix a shell's words before the command, such as a limit
     * @param stopAt the process stands still once so many bytes are written
     */
    static HubProcess start(String prefix, HubServer server, Path home, long stopAt)
            throws IOException {
        List<String> command =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        HubProcess.class.getName(),
                        server.endpoint(),
                        home.toString(),
                        Long.toString(stopAt));
        String words = String.join("' '", command);
        return new HubProcess(
                new ProcessBuilder("sh", "-c", prefix + " exec '" + words + "'")
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start());
    }

    /** Downloads, and says on standard output how that goes. */
    public static void main(String[] arguments) throws IOException {
        HubSettings settings =
                HubSettings.of(Map.of("HF_ENDPOINT", arguments[0], "HF_HOME", arguments[1]));
        HubClient client =
                HubClient.builder()
                        .setSettings(settings)
                        .optConnections(2)
                        .optPartBytes(HubCase.PART)
                        .build();
        TransferListener listener = new Told(Long.parseLong(arguments[2]), new HashMap<>());
        try {
            client.snapshot(HubServer.REPOSITORY, "main", path -> true, listener);
            System.out.println("done");
        } catch (HubException e) {
            System.out.println(e.getReason() + " " + e.getMessage());
        }
    }

    /** Reads lines until one that is asked for; fails where none comes. */
    String await(String start) throws IOException {
        StringBuilder seen = new StringBuilder();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith(start)) {
                return line;
            }
            seen.append(line).append('\n');
        }
        throw new AssertionError("no line '" + start + "' after\n" + seen);
    }

    /** Ends the process as a power button would. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        out.close();
    }

    private record Told(long stopAt, Map<HubFile, Long> bytes) implements TransferListener {

        @Override
        public void onBytes(HubFile file, long now) {
            bytes.put(file, now);
            long sum = bytes.values().stream().mapToLong(Long::longValue).sum();
            System.out.println("at " + sum);
            if (sum >= stopAt) {
                System.out.println("stopped");
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }
}
