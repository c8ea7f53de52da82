package ai.llm360.common.tokenizer;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Which tokenizer file a path means. */
record TokenizerFiles(Path file) {

    private static final String JSON = "tokenizer.json";
    private static final String MODEL = "tokenizer.model";
    private static final List<String> SETTINGS =
            List.of("tokenizer_config.json", "special_tokens_map.json");

    static TokenizerFiles find(Path path) throws TokenizerException {
        if (Files.isDirectory(path)) {
            return in(path).orElseThrow(
                            () ->
                                    new TokenizerException(
                                            path,
                                            "no tokenizer here: looked for %s and %s"
                                                    .formatted(JSON, MODEL)));
        }
        if (!Files.isRegularFile(path)) {
            throw new TokenizerException(path, "no such file or directory");
        }
        return new TokenizerFiles(path);
    }

    static Optional<TokenizerFiles> in(Path directory) {
        return Stream.of(JSON, MODEL)
                .map(directory::resolve)
                .filter(Files::isRegularFile)
                .map(TokenizerFiles::new)
                .findFirst();
    }

    /** A file of any other name gets the one that a directory's tokenizer has. */
    void copyInto(Path directory) throws IOException {
        copy(file, directory.resolve(file.toString().endsWith(".model") ? MODEL : JSON));
        for (String name : SETTINGS) {
            Path settings = file.resolveSibling(name);
            if (Files.isRegularFile(settings)) {
                copy(settings, directory.resolve(name));
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.copy(from, to);
        try (FileChannel channel = FileChannel.open(to, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    Tokenizer open() throws IOException {
        String name = file.getFileName().toString();
        TokenizerSettings settings = TokenizerSettings.beside(file);
        if (name.endsWith(".json")) {
            return HuggingFaceJsonTokenizer.open(file, settings);
        }
        if (name.endsWith(".model")) {
            return SentencePieceTokenizer.open(file, settings);
        }
        throw new TokenizerException(
                file, "not a tokenizer: its name should end in .json or .model");
    }
}
