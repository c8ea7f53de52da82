package ai.llm360.common.tokenizer;

import ai.djl.sentencepiece.jni.LibUtils;
import ai.djl.sentencepiece.jni.SentencePieceLibrary;
import ai.llm360.common.nn.EngineSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A tokenizer.model, encoded by SentencePiece.
 *
 * <p>Only the native library's {@code encode} is used. Its binding aborts the process on an unknown
 * id, cuts characters outside the Basic Multilingual Plane, and can't tell the size of the
 * vocabulary, so the pieces are read from the file here.
 */
final class SentencePieceTokenizer extends VocabularyTokenizer {

    private static final SentencePieceLibrary LIB = library();

    private SentencePieceTokenizer(NativeHandle handle, Vocabulary vocabulary, boolean addsBos) {
        super(handle, vocabulary, addsBos);
    }

    static SentencePieceTokenizer open(Path file, TokenizerSettings settings) throws IOException {
        byte[] model = Files.readAllBytes(file);
        Vocabulary vocabulary;
        try {
            vocabulary = SentencePieceModel.parse(model).vocabulary(settings);
        } catch (IllegalArgumentException e) {
            throw new TokenizerException(file, "malformed: " + e.getMessage(), e);
        }
        boolean addsBos = settings.addsBos(file, vocabulary, true);
        return new SentencePieceTokenizer(load(file, model), vocabulary, addsBos);
    }

    // Once: it asks the machine for its GPUs each time, which costs more than opening a file does.
    private static SentencePieceLibrary library() {
        EngineSettings.apply();
        LibUtils.loadLibrary();
        return SentencePieceLibrary.LIB;
    }

    private static NativeHandle load(Path file, byte[] model) throws TokenizerException {
        long address = LIB.createSentencePieceProcessor();
        try {
            LIB.loadModelFromBytes(address, model);
        } catch (RuntimeException e) {
            LIB.deleteSentencePieceProcessor(address);
            throw new TokenizerException(file, "malformed: " + e.getMessage(), e);
        }
        return new NativeHandle(address, LIB::deleteSentencePieceProcessor);
    }

    @Override
    long[] encodeNatively(long handle, String text) {
        int[] ids = LIB.encode(handle, text);
        long[] wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            wide[i] = ids[i];
        }
        return wide;
    }

    /** SentencePiece never takes text for a control symbol. */
    @Override
    public long[] encodeLiteral(String text) {
        return encode(text);
    }
}
