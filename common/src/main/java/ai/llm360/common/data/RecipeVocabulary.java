package ai.llm360.common.data;

import ai.llm360.common.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a recipe says of ids.
 *
 * @param tokenizer the tokenizer, or null where all sources are ready rows
 * @param size every id is below it
 * @param endToken the id after each document, or -1 without a tokenizer
 * @param tokenizerSha256 the SHA-256 of the tokenizer's file, or null
 */
record RecipeVocabulary(Tokenizer tokenizer, int size, int endToken, String tokenizerSha256)
        implements AutoCloseable {

    static RecipeVocabulary open(DataRecipe recipe, Path base) throws IOException {
        Optional<Path> path = recipe.tokenizer().map(base::resolve);
        if (path.isEmpty()) {
            return new RecipeVocabulary(null, recipe.vocabularySize(), -1, null);
        }
        String hash = Sha256.of(Tokenizer.file(path.get()));
        Tokenizer tokenizer = Tokenizer.open(path.get());
        if (tokenizer.eosId().isEmpty()) {
            tokenizer.close();
            throw new DataException(
                    path.get(),
                    "this tokenizer has no end-of-sequence token, which goes after each document;"
                            + " name one as eos_token in tokenizer_config.json beside it");
        }
        return new RecipeVocabulary(
                tokenizer,
                recipe.vocabularySize() > 0 ? recipe.vocabularySize() : tokenizer.vocabularySize(),
                Math.toIntExact(tokenizer.eosId().getAsLong()),
                hash);
    }

    @Override
    public void close() {
        if (tokenizer != null) {
            tokenizer.close();
        }
    }
}
