package ai.llm360.zoo.transfer;

import ai.djl.util.Progress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** Publishes in a process of its own, and stands still in the middle until it is killed. */
final class PublishProcess {

    private static final String STOPPED = "stopped";

    private PublishProcess() {}

    /**
     * Publishes until some work begins, and is killed there as by a power button.
     *
     * @param work such as {@code writing ckpt-001}
     */
    static void killedAt(String work, Path run, Path tree) throws Exception {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-cp",
                                System.getProperty("java.class.path"),
                                PublishProcess.class.getName(),
                                work,
                                run.toString(),
                                tree.toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try (BufferedReader out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line = out.readLine();
            if (!STOPPED.equals(line)) {
                throw new AssertionError("the process said " + line);
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    /** Publishes, and says when it stands still. */
    public static void main(String[] arguments) throws IOException {
        RunPublisher.builder()
                .setRun(Path.of(arguments[1]))
                .setTree(Path.of(arguments[2]))
                .optProgress(new StandingStill(arguments[0]))
                .build()
                .publish();
    }

    private record StandingStill(String at) implements Progress {

        @Override
        public void reset(String message, long max, String trailing) {
            if (message.equals(at)) {
                System.out.println(STOPPED);
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        @Override
        public void start(long initial) {}

        @Override
        public void end() {}

        @Override
        public void increment(long increment) {}

        @Override
        public void update(long progress, String message) {}
    }
}
