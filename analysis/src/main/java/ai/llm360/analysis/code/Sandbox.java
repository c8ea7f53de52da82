package ai.llm360.analysis.code;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Runs Python programs that nobody has read, each in processes of its own, with an empty
 * environment, an empty directory that is removed afterwards, and {@link SandboxLimits}.
 *
 * <p>On Linux, util-linux's {@code unshare} puts them into namespaces: no network, no files but the
 * system's programs and Python's, read-only, and no processes but their own, which end with the
 * first one. Time, memory, the number of processes and the size of files are limits that a process
 * sets itself, before it reads the program, and can't raise. What is in force is looked at from
 * within: {@link #confinement()}. Programs of several threads run side by side.
 */
public final class Sandbox implements AutoCloseable {

    /** The exit status of a program that ran to its end; {@code exit(0)} isn't that. */
    private static final int PASSED = 93;

    /** Namespaces and Python begin within it, also where the machine is busy. */
    private static final Duration START = Duration.ofSeconds(20);

    /** A program that asks what it sees, and says so by an exception. */
    private static final String PROBE =
            """
            import json, os, resource, socket
            def limit(kind):
                value = resource.getrlimit(kind)[1]
                return 0 if value == resource.RLIM_INFINITY else value
            def writable(path):
                try:
                    open(path, "w").close()
                    os.remove(path)
                    return True
                except OSError:
                    return False
            raise SystemExit(json.dumps({
                "passwords": os.path.exists("/etc/passwd"),
                "outside": writable("/probe") or writable("/usr/probe") or writable("../probe"),
                "inside": writable("probe"),
                "network": [name for _, name in socket.if_nameindex() if name != "lo"],
                "parent": os.getppid(),
                "memory": limit(resource.RLIMIT_AS),
                "processes": limit(resource.RLIMIT_NPROC),
                "fileSize": limit(resource.RLIMIT_FSIZE)}))
            """;

    private final SandboxLimits limits;
    private final PythonCommand python;
    private final String unshare;
    private final Path mountPoint;
    private final boolean confined;
    private final Confinement confinement;

    private record Seen(
            boolean passwords,
            boolean outside,
            boolean inside,
            List<String> network,
            long parent,
            long memory,
            long processes,
            long fileSize) {

        boolean confined() {
            return !passwords && !outside && inside && network.isEmpty() && parent == 1;
        }
    }

    private Sandbox(
            SandboxLimits limits,
            PythonCommand python,
            String unshare,
            Path mountPoint,
            boolean unconfined)
            throws IOException {
        this.limits = limits;
        this.python = python;
        this.unshare = unshare;
        this.mountPoint = mountPoint;
        String missing = "";
        Seen seen = null;
        boolean inNamespaces = false;
        try {
            seen = look(true);
            inNamespaces = seen.confined();
            missing = inNamespaces ? "" : "namespaces were made, but a program sees beyond them";
        } catch (IOException e) {
            missing = e.getMessage();
        }
        if (!inNamespaces) {
            if (!unconfined) {
                throw new IOException(
                        ("generated code can't be kept from this machine's files and network: %s."
                                        + " Run it where util-linux's unshare may make namespaces,"
                                        + " or allow it to run unconfined")
                                .formatted(missing));
            }
            seen = look(false);
        }
        confined = inNamespaces;
        confinement =
                new Confinement(
                        confined,
                        confined,
                        confined,
                        limits.time().toMillis() / 1e3,
                        seen.memory(),
                        processes(seen),
                        seen.fileSize(),
                        python.version(),
                        missing);
    }

    /** The system counts no processes of its first user. */
    private long processes(Seen seen) {
        return confined || !PythonCommand.isRoot() ? seen.processes() : 0;
    }

    /**
     * Finds Python and the limits that this machine has.
     *
     * @param limits what a program may use
     * @param unconfined whether programs may run where files and network can't be kept from them
     * @throws IOException if there is no Python 3.8 or newer by the name python3, or if files and
     *     network can't be kept from programs and {@code unconfined} isn't set; the message says
     *     why
     */
    public static Sandbox open(SandboxLimits limits, boolean unconfined) throws IOException {
        return open(limits, unconfined, "unshare");
    }

    static Sandbox open(SandboxLimits limits, boolean unconfined, String unshare)
            throws IOException {
        PythonCommand python = PythonCommand.find();
        Path mountPoint = Files.createTempDirectory("llm360-code-");
        try {
            return new Sandbox(limits, python, unshare, mountPoint, unconfined);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(mountPoint);
            throw e;
        }
    }

    /** {@return the limits that are in force} */
    public Confinement confinement() {
        return confinement;
    }

    /**
     * Runs a program and waits for its end.
     *
     * @param program the text of a Python module
     * @return whether it ran to its end; what it printed is dropped
     * @throws IOException if no process can be started, or the thread is interrupted, which ends
     *     the program
     */
    public Verdict run(String program) throws IOException {
        return run(program, confined);
    }

    private Seen look(boolean inNamespaces) throws IOException {
        Verdict verdict = run(PROBE, inNamespaces);
        String said = "SystemExit: ";
        try {
            if (verdict.detail().startsWith(said)) {
                return new Gson().fromJson(verdict.detail().substring(said.length()), Seen.class);
            }
        } catch (JsonParseException e) {
            // said below
        }
        throw new IOException("a first program failed: " + verdict.detail());
    }

    private Verdict run(String program, boolean inNamespaces) throws IOException {
        Path directory = inNamespaces ? mountPoint : Files.createTempDirectory("llm360-code-");
        try {
            return verdict(
                    ChildProcess.run(
                            command(inNamespaces),
                            directory,
                            program.getBytes(StandardCharsets.UTF_8),
                            limits.time().plus(START),
                            !inNamespaces));
        } finally {
            if (!inNamespaces) {
                delete(directory);
            }
        }
    }

    private Verdict verdict(ChildProcess.Ended ended) {
        String seconds = "not ended after " + limits.time().toMillis() / 1e3 + " s";
        if (ended.killed()) {
            return new Verdict(false, seconds);
        }
        return switch (ended.status()) {
            case PASSED -> new Verdict(true, "");
            case 128 + 14, 128 + 24 -> new Verdict(false, seconds); // SIGALRM, SIGXCPU
            default ->
                    new Verdict(
                            false,
                            ended.errors().isEmpty()
                                    ? "ended early, with status " + ended.status()
                                    : ended.errors());
        };
    }

    private List<String> command(boolean inNamespaces) throws IOException {
        List<String> command = new ArrayList<>();
        if (inNamespaces) {
            boolean root = PythonCommand.isRoot();
            command.add(unshare);
            if (!root) {
                command.addAll(List.of("--user", "--map-root-user"));
            }
            command.addAll(
                    List.of("--mount", "--net", "--pid", "--ipc", "--uts", "--kill-child=SIGKILL"));
            command.addAll(List.of("sh", "-c", resource("confine.sh"), "sh"));
            command.add(mountPoint.toAbsolutePath().toString());
            command.add(String.valueOf(4 * limits.fileSize()));
            command.addAll(python.directories());
            command.addAll(List.of("--", "setpriv", "--no-new-privs"));
            command.addAll(List.of("--bounding-set=-all", "--inh-caps=-all"));
            if (root) {
                // The number of processes is no limit to root.
                command.addAll(List.of("--reuid=65534", "--regid=65534", "--clear-groups"));
            }
        }
        command.addAll(List.of(python.executable(), "-I", "-B", "-c", resource("run.py")));
        command.add(String.valueOf(limits.time().toMillis() / 1e3));
        command.add(String.valueOf(limits.memory()));
        command.add(String.valueOf(limits.processes()));
        command.add(String.valueOf(limits.fileSize()));
        command.add(String.valueOf(PASSED));
        return command;
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Sandbox.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Removes a directory that a program may have filled with anything. */
    private static void delete(Path directory) throws IOException {
        try (Stream<Path> children = Files.list(directory)) {
            for (Path child : children.toList()) {
                if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                    delete(child);
                } else {
                    Files.delete(child);
                }
            }
        }
        Files.delete(directory);
    }

    /** Removes what the sandbox made on this machine. */
    @Override
    public void close() throws IOException {
        Files.deleteIfExists(mountPoint);
    }
}
