package ai.llm360.analysis.code;

import ai.llm360.io.internal.PlainText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The Python of this machine.
 *
 * @param executable its path
 * @param version such as {@code 3.11.7}
 * @param directories where its library lies, beside the system's directories
 */
record PythonCommand(String executable, String version, List<String> directories) {

    private static final String ASK =
            """
            import platform, sys
            assert sys.version_info >= (3, 8), "it is Python " + platform.python_version()
            for line in (platform.python_version(), sys.executable, sys.prefix, sys.base_prefix):
                print(line)
            """;

    /** Finds {@code python3} by PATH. */
    static PythonCommand find() throws IOException {
        String said;
        int status;
        try {
            Process process =
                    new ProcessBuilder("python3", "-I", "-c", ASK)
                            .redirectErrorStream(true)
                            .start();
            process.getOutputStream().close();
            said = new String(process.getInputStream().readNBytes(1 << 14), StandardCharsets.UTF_8);
            status = process.waitFor(20, TimeUnit.SECONDS) ? process.exitValue() : -1;
            process.destroyForcibly();
        } catch (IOException e) {
            throw new IOException(
                    "generated code is run by python3, which isn't on the PATH: " + e.getMessage(),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("interrupted");
        }
        List<String> lines = said.lines().toList();
        if (status != 0 || lines.size() != 4) {
            throw new IOException(
                    "generated code is run by python3 of version 3.8 or newer, and the one on the"
                            + " PATH can't: "
                            + PlainText.shorten(
                                    lines.isEmpty() ? "" : lines.get(lines.size() - 1)));
        }
        return new PythonCommand(
                lines.get(1),
                lines.get(0),
                lines.subList(2, 4).stream()
                        .distinct()
                        .filter(prefix -> Path.of(prefix).getParent() != null)
                        .toList());
    }

    /** {@return whether this process runs as the system's first user} */
    static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }
}
