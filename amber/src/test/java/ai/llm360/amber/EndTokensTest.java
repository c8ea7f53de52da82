package ai.llm360.amber;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.data.TokenDataset;
import ai.llm360.common.data.TokenDatasetBuilder;
import ai.llm360.common.train.EndTokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that can't learn to end a text is told of before it is trained. */
class EndTokensTest {

    @TempDir Path temp;

    /** Four rows of the ids 10 to 26. */
    private TokenDatasetBuilder rows() {
        long[][] rows = new long[4][17];
        for (long[] row : rows) {
            Arrays.setAll(row, i -> 10 + i);
        }
        return new TokenDatasetBuilder(17, 96).source("counting", rows);
    }

    private Optional<String> warning(TokenDatasetBuilder data, Long... ends) throws IOException {
        Amber model = new Amber(TinyAmber.sizes().optEosTokenIds(List.of(ends)).build());
        try (TokenDataset dataset = TokenDataset.open(data.write(temp.resolve("data")))) {
            return EndTokens.warning(model, dataset);
        }
    }

    @Test
    void the_datas_own_end_token_is_no_mistake() throws IOException {
        assertThat(warning(rows(), 2L)).isEmpty();
    }

    @Test
    void nor_is_one_of_several() throws IOException {
        assertThat(warning(rows(), 7L, 2L)).isEmpty();
    }

    @Test
    void a_model_without_one_is_left_alone() throws IOException {
        assertThat(warning(rows())).isEmpty();
    }

    @Test
    void another_than_the_datas_is_named_with_the_cure() throws IOException {
        assertThat(warning(rows(), 9L, 7L))
                .hasValueSatisfying(
                        text ->
                                assertThat(text)
                                        .startsWith("the model's eos_token_id is [7, 9], but")
                                        .contains("end with 2", "set model.eos_token_id=2"));
    }

    @Test
    void imported_rows_are_searched() throws IOException {
        assertThat(warning(rows().imported(), 26L)).isEmpty();
    }

    @Test
    void one_that_imported_rows_never_hold_is_told() throws IOException {
        assertThat(warning(rows().imported(), 27L))
                .hasValueSatisfying(
                        text ->
                                assertThat(text)
                                        .startsWith("the model's eos_token_id is 27, which isn't")
                                        .contains("in the data's first 4 rows"));
    }
}
