package ai.llm360.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.zoo.testing.Snippets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The examples in Javadoc compile as they stand, with the imports of the file that shows them, and
 * its first sentences name a subject.
 */
class JavadocTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private static final Pattern EXAMPLE =
            Pattern.compile(
                    "(?s)<pre>\\{@code\\R(.*?)\\}</pre>|\\{@snippet\\s*:\\R(.*?)\\R\\s*\\*\\s*\\}");

    /** A first sentence that paraphrases instead of naming who does something to which noun. */
    private static final Pattern RIDDLE =
            Pattern.compile(
                    "/\\*\\*\\s+(?:\\* )?(?:(?i:what|whether|how|which|whoever)|\\{@return"
                            + " (?:what|how|which))\\b[^\\n]*");

    private static final Pattern LINE = Pattern.compile("(?m)^\\s*\\* ?");
    private static final Pattern IMPORT = Pattern.compile("(?m)^import (?!static ).*;$");
    private static final Pattern PACKAGE = Pattern.compile("(?m)^package (.*);$");
    private static final Pattern SHELL = Pattern.compile("(?s)\\s*(mvn|\\./llm360) .*");

    /** Imports that a reader adds without looking. */
    private static final List<String> USUAL =
            List.of(
                    "ai.djl.inference.Predictor",
                    "ai.llm360.common.checkpoint.*",
                    "ai.llm360.common.train.*",
                    "ai.llm360.hub.*",
                    "ai.llm360.zoo.*",
                    "java.nio.ByteBuffer",
                    "java.nio.file.Path",
                    "java.util.List",
                    "java.util.Optional");

    /** Names that examples take for granted. */
    private static final String GIVEN =
            """
            static ai.djl.util.Progress progress;
            static HubClient client;
            static HubCache cache;
            static Path data, run;
            static ai.llm360.zoo.Zoo zoo;
            static List<TensorSpec> specs;
            static java.util.Map<String, ByteBuffer> contents;
            static byte[] config;
            static ai.llm360.common.model.CausalDecoder decoder;
            static ai.llm360.common.generate.TextGenerator generator;
            """;

    @TempDir Path temp;

    @Test
    void compile_with_the_imports_of_their_file() throws IOException {
        List<String> examples = new ArrayList<>();
        for (Path file : sources()) {
            String source = Files.readString(file);
            Matcher example = EXAMPLE.matcher(source);
            while (example.find()) {
                String text = example.group(1) == null ? example.group(2) : example.group(1);
                String code = LINE.matcher(text).replaceAll("");
                if (!SHELL.matcher(code).matches()) {
                    examples.add(imports(file, source) + code + "\n");
                }
            }
        }
        assertThat(examples).hasSizeGreaterThan(10);
        Snippets.compile(examples, GIVEN, temp);
    }

    /** First sentences stand in the index of the documentation, where nobody looks for "what". */
    @Test
    void no_first_sentence_begins_with_a_question_word() throws IOException {
        List<String> riddles = new ArrayList<>();
        for (Path file : sources()) {
            Matcher riddle = RIDDLE.matcher(Files.readString(file));
            while (riddle.find()) {
                riddles.add(ROOT.relativize(file) + ": " + riddle.group().lines().toList());
            }
        }
        assertThat(riddles).isEmpty();
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> all = Files.walk(ROOT, 12)) {
            return all.filter(file -> file.toString().endsWith(".java"))
                    .filter(
                            file ->
                                    ROOT.relativize(file)
                                            .toString()
                                            .matches("[a-z]+.src.main.java.*"))
                    .sorted()
                    .toList();
        }
    }

    /** The type itself is in scope with its nested types, as it is where the example stands. */
    private static String imports(Path file, String source) {
        Matcher declared = PACKAGE.matcher(source);
        assertThat(declared.find()).as("%s", file).isTrue();
        String type = file.getFileName().toString().replace(".java", "");
        Set<String> imports = new TreeSet<>();
        imports.add("import " + declared.group(1) + ".*;");
        if (!type.equals("package-info")) {
            imports.add("import " + declared.group(1) + "." + type + ".*;");
        }
        USUAL.forEach(name -> imports.add("import " + name + ";"));
        IMPORT.matcher(source).results().forEach(line -> imports.add(line.group()));
        return String.join("\n", imports) + "\n";
    }
}
