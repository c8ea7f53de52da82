package ai.llm360.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Benchmark files with documents of the tests' own. */
final class TinyBenchmark {

    private TinyBenchmark() {}

    /** Writes three questions of arc_easy and a program of humaneval, and returns the directory. */
    static String in(Path directory) throws IOException {
        Files.createDirectories(directory);
        StringBuilder arc = new StringBuilder();
        for (int i = 0; i < 3; i++) {
            arc.append(
                    """
                    {"id": "%d", "question": {"stem": "Hello %d?", "choices": [{"text": "world", \
                    "label": "A"}, {"text": "Hello", "label": "B"}]}, "answerKey": "A"}
                    """
                            .formatted(i, i));
        }
        Files.writeString(directory.resolve("ARC-Easy-Test.jsonl"), arc);
        Files.writeString(
                directory.resolve("HumanEval.jsonl"),
                """
                {"task_id": "HumanEval/0", "prompt": "def f():\\n", "entry_point": "f", \
                "canonical_solution": "", "test": "def check(f):\\n    assert f() == 7\\n"}
                """);
        return directory.toString();
    }
}
