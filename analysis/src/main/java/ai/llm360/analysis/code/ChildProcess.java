package ai.llm360.analysis.code;

import ai.llm360.io.internal.PlainText;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process with an empty environment, whose descendants end with it. */
final class ChildProcess {

    /** Where the system keeps the programs of its administrator. */
    private static final String PATH =
            "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";

    private static final int MAX_ERRORS = 1 << 12;

    private ChildProcess() {}

    /**
     * A process' end.
     *
     * @param status its exit status; 128 and the number of the signal that ended it
     * @param killed whether it was still there when its time was over
     * @param errors the start of what it said on standard error, in one line
     */
    record Ended(int status, boolean killed, String errors) {}

    /**
     * Runs a command to its end, or for so long; then kills what is left of it.
     *
     * @param leader whether the process makes itself the leader of a group, which is killed too
     */
    static Ended run(
            List<String> command, Path directory, byte[] input, Duration time, boolean leader)
            throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().put("PATH", PATH);
        Process process = builder.start();
        Drain errors = new Drain(process.getErrorStream());
        errors.start();
        boolean killed = true;
        try {
            write(process, input);
            killed = !process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
            if (!killed) {
                errors.join(1000); // a process that left the group could hold the stream open
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } finally {
            kill(process, leader);
        }
        return new Ended(status(process), killed, errors.text());
    }

    private static void write(Process process, byte[] input) {
        try (OutputStream out = process.getOutputStream()) {
            out.write(input);
        } catch (IOException e) {
            // It ended before it read all: its status says why.
        }
    }

    /**
     * Kills a process and all that it started: those of a namespace end with its first process,
     * others are in the group of the process, or can still be found below it.
     */
    private static void kill(Process process, boolean leader) throws IOException {
        List<ProcessHandle> below = process.descendants().toList();
        process.destroyForcibly();
        below.forEach(ProcessHandle::destroyForcibly);
        if (leader) {
            new ProcessBuilder("kill", "-KILL", "--", "-" + process.pid())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        }
    }

    private static int status(Process process) throws IOException {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    /** Reads a stream to its end and keeps its start. */
    private static final class Drain extends Thread {

        private final InputStream stream;
        private volatile byte[] start = {};

        Drain(InputStream stream) {
            super("code-errors");
            setDaemon(true);
            this.stream = stream;
        }

        @Override
        public void run() {
            byte[] buffer = new byte[1 << 13];
            try (stream) {
                start = stream.readNBytes(MAX_ERRORS);
                while (stream.read(buffer) >= 0) {
                    // A process whose pipe is full would wait.
                }
            } catch (IOException e) {
                // The process was killed.
            }
        }

        /** Returns what is known at the stream's end; nothing before. */
        String text() {
            return isAlive()
                    ? ""
                    : PlainText.inLine(new String(start, StandardCharsets.UTF_8).strip());
        }
    }
}
