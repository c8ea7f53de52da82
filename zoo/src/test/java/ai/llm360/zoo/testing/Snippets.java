package ai.llm360.zoo.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** Compiles statements, as documents show them, and runs them. */
public final class Snippets {

    private static final List<String> IMPORTS =
            List.of(
                    "ai.djl.inference.Predictor",
                    "ai.djl.repository.zoo.ZooModel",
                    "ai.llm360.common.generate.*",
                    "ai.llm360.common.model.WeightType",
                    "ai.llm360.zoo.Criteria",
                    "ai.llm360.zoo.CheckpointEntry",
                    "ai.llm360.zoo.PartialCheckpoint",
                    "ai.llm360.zoo.Series",
                    "ai.llm360.zoo.source.SeriesCheckpoint",
                    "ai.llm360.zoo.TensorRows",
                    "ai.llm360.zoo.Zoo",
                    "java.nio.file.Path");

    private Snippets() {}

    /** Runs each snippet in a method of its own and returns what they all printed. */
    public static String run(List<String> snippets, Path directory) throws Exception {
        StringBuilder source = new StringBuilder();
        IMPORTS.forEach(name -> source.append("import ").append(name).append(";\n"));
        source.append("public class Document {\n");
        for (int i = 0; i < snippets.size(); i++) {
            source.append("public static void snippet").append(i);
            source.append("() throws Exception {\n").append(snippets.get(i)).append("}\n");
        }
        Files.createDirectories(directory);
        Path file = Files.writeString(directory.resolve("Document.java"), source.append("}\n"));
        compile(file);
        URL[] urls = {directory.toUri().toURL()};
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(urls, Snippets.class.getClassLoader())) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            Class<?> document = loader.loadClass("Document");
            for (int i = 0; i < snippets.size(); i++) {
                document.getMethod("snippet" + i).invoke(null);
            }
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static void compile(Path file) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        String classPath =
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"));
        StringWriter errors = new StringWriter();
        try (var files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            boolean compiled =
                    compiler.getTask(
                                    errors,
                                    files,
                                    null,
                                    List.of(
                                            "-cp",
                                            classPath,
                                            "-proc:none",
                                            "-d",
                                            file.getParent().toString()),
                                    null,
                                    files.getJavaFileObjects(file))
                            .call();
            if (!compiled) {
                throw new AssertionError("a snippet doesn't compile:\n" + errors);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
