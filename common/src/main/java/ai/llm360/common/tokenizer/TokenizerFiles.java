package ai.llm360.common.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which tokenizer file a path means. */
record TokenizerFiles(Path file) {

    private static final String JSON = "tokenizer.json";
    private static final String MODEL = "tokenizer.model";

    static TokenizerFiles find(Path path) throws TokenizerException {
        if (Files.isDirectory(path)) {
            for (String name : new String[] {JSON, MODEL}) {
                if (Files.isRegularFile(path.resolve(name))) {
                    return new TokenizerFiles(path.resolve(name));
                }
            }
            throw new TokenizerException(
                    path, "no tokenizer here: looked for " + JSON + " and " + MODEL);
        }
        if (!Files.isRegularFile(path)) {
            throw new TokenizerException(path, "no such file or directory");
        }
        return new TokenizerFiles(path);
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
