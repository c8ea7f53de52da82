package ai.llm360.zoo.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** Compiles statements with their imports, as documents show them, and runs them. */
public final class Snippets {

    private static final Pattern IMPORT = Pattern.compile("(?m)^import .*;\\R");

    private Snippets() {}

    /** Runs each snippet in a class of its own and returns what they all printed. */
    public static String run(List<String> snippets, Path directory) throws Exception {
        compile(snippets, "", directory);
        URL[] urls = {directory.toUri().toURL()};
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(urls, Snippets.class.getClassLoader())) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            for (int i = 0; i < snippets.size(); i++) {
                loader.loadClass("Snippet" + i).getMethod("run").invoke(null);
            }
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    /**
     * Compiles snippets, each as the method {@code run} of a class of its own.
     *
     * @param given fields of these classes: names that snippets take for granted
     */
    public static void compile(List<String> snippets, String given, Path directory)
            throws IOException {
        Files.createDirectories(directory);
        List<Path> sources = new ArrayList<>();
        for (int i = 0; i < snippets.size(); i++) {
            Matcher imports = IMPORT.matcher(snippets.get(i));
            StringBuilder source = new StringBuilder();
            imports.results().forEach(line -> source.append(line.group()));
            source.append("public class Snippet").append(i);
            source.append(" {\n").append(given);
            source.append("\npublic static void run() throws Exception {\n");
            source.append(imports.replaceAll("")).append("}\n}\n");
            sources.add(Files.writeString(directory.resolve("Snippet" + i + ".java"), source));
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        String classPath =
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> options =
                List.of("-cp", classPath, "-proc:none", "-nowarn", "-d", directory.toString());
        StringWriter errors = new StringWriter();
        try (var files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            var units = files.getJavaFileObjectsFromPaths(sources);
            if (!compiler.getTask(errors, files, null, options, null, units).call()) {
                throw new AssertionError("a snippet doesn't compile:\n" + errors);
            }
        }
    }
}
