package ai.llm360.common.data;

import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.io.internal.Hashes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The vocabulary of a recipe: its tokenizer, or the range of its ids.
 *
 * @param tokenizer the tokenizer, or null where all sources are ready rows
 * @param size every id is below it
 * @param beginToken the id before each document, if the recipe wants one
 * @param endToken the id after each document, or -1 without a tokenizer
 * @param tokenizerSha256 the SHA-256 of the tokenizer's file, or null
 */
record RecipeVocabulary(
        Tokenizer tokenizer, int size, OptionalInt beginToken, int endToken, String tokenizerSha256)
        implements AutoCloseable {

    static RecipeVocabulary open(DataRecipe recipe, Path base) throws IOException {
        Optional<Path> path = recipe.tokenizer().map(base::resolve);
        if (path.isEmpty()) {
            return new RecipeVocabulary(
                    null, recipe.vocabularySize(), OptionalInt.empty(), -1, null);
        }
        String hash = Hashes.sha256(Tokenizer.file(path.get()));
        Tokenizer tokenizer = Tokenizer.open(path.get());
        try {
            return of(recipe, tokenizer, path.get(), hash);
        } catch (IOException | RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    private static RecipeVocabulary of(
            DataRecipe recipe, Tokenizer tokenizer, Path path, String hash) throws IOException {
        if (tokenizer.eosId().isEmpty()) {
            throw new DataException(
                    path,
                    "this tokenizer has no end-of-sequence token, which goes after each document;"
                            + " name one as eos_token in tokenizer_config.json beside it");
        }
        if (recipe.begin() && tokenizer.bosId().isEmpty()) {
            throw new DataException(
                    path,
                    "this tokenizer has no beginning token, which the recipe's begin puts before"
                            + " each document; name one as bos_token in tokenizer_config.json"
                            + " beside it, or leave begin out");
        }
        for (DataRecipe.Source source : recipe.sources()) {
            // Fails now if it would fail after all has been read.
            source.fim().ifPresent(fim -> new FillInTheMiddle(tokenizer, fim, recipe.seed()));
        }
        return new RecipeVocabulary(
                tokenizer,
                recipe.vocabularySize() > 0 ? recipe.vocabularySize() : tokenizer.vocabularySize(),
                recipe.begin()
                        ? OptionalInt.of(Math.toIntExact(tokenizer.bosId().getAsLong()))
                        : OptionalInt.empty(),
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
