package ai.llm360.common.tokenizer;

import ai.llm360.io.internal.WholeFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the tokenizer file that a path means, and opens it. */
record TokenizerFiles(Path file) {

    private static final String JSON = "tokenizer.json";
    private static final String MODEL = "tokenizer.model";
    private static final long LARGEST = 1 << 28; // Llama 4's has 28 MB
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
        WholeFile.copy(file, directory.resolve(file.toString().endsWith(".model") ? MODEL : JSON));
        for (String name : SETTINGS) {
            Path settings = file.resolveSibling(name);
            if (Files.isRegularFile(settings)) {
                WholeFile.copy(settings, directory.resolve(name));
            }
        }
    }

    Tokenizer open() throws IOException {
        String name = file.getFileName().toString();
        String kind = name.endsWith(".json") ? JSON : MODEL;
        if (!name.endsWith(".json") && !name.endsWith(".model")) {
            throw new TokenizerException(
                    file, "not a tokenizer: its name should end in .json or .model");
        }
        TokenizerSettings settings = TokenizerSettings.beside(file);
        if (Files.size(file) > LARGEST) {
            throw TokenizerException.invalid(
                    file, kind, new IOException("it has more than " + LARGEST + " bytes"));
        }
        byte[] bytes = Files.readAllBytes(file);
        try {
            return kind.equals(JSON) ? openJson(bytes, settings) : openModel(bytes, settings);
        } catch (TokenizerException e) {
            throw e;
        } catch (UnsupportedOperationException e) {
            throw new TokenizerException(file, e.getMessage(), e);
        } catch (CharacterCodingException e) {
            throw TokenizerException.invalid(file, kind, new IOException("it isn't UTF-8", e));
        } catch (IOException | RuntimeException e) {
            throw TokenizerException.invalid(file, kind, e);
        }
    }

    private Tokenizer openJson(byte[] bytes, TokenizerSettings settings) throws IOException {
        String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        TokenizerJson json = TokenizerJson.parse(text);
        Vocabulary vocabulary = json.vocabulary(settings);
        boolean addsBos = settings.addsBos(file, vocabulary, json.leadingToken().isPresent());
        Optional<MergeTokenizer> java =
                json.rules()
                        .map(r -> new MergeTokenizer(r, r.withoutTokens(), vocabulary, addsBos));
        return java.isPresent()
                ? java.get()
                : HuggingFaceJsonTokenizer.open(json, vocabulary, addsBos);
    }

    private Tokenizer openModel(byte[] bytes, TokenizerSettings settings) throws IOException {
        SentencePieceModel model = SentencePieceModel.parse(bytes);
        Vocabulary vocabulary = model.vocabulary(settings);
        // SentencePiece never takes text for a control symbol, and always knows user-defined ones.
        EncodingRules rules = model.rules();
        boolean addsBos = settings.addsBos(file, vocabulary, true);
        return new MergeTokenizer(rules, rules, vocabulary, addsBos);
    }
}
