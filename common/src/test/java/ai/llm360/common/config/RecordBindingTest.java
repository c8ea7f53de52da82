package ai.llm360.common.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordBindingTest {

    private enum Mode {
        PER_CHUNK,
        CONTINUOUS
    }

    private record Source(String path, Mode orderMode) {}

    private record Part(int rowsPerChunk, double lrScale) {
        Part {
            if (rowsPerChunk < 0) {
                throw new IllegalArgumentException("rows_per_chunk (-1) must not be negative");
            }
            if (lrScale > rowsPerChunk) {
                throw new IllegalArgumentException("more scale than rows");
            }
        }
    }

    private record Everything(
            String name,
            boolean flag,
            int small,
            long big,
            double rate,
            Source source,
            List<Part> parts,
            Map<String, Double> weights,
            Map<String, Object> model,
            Optional<String> note,
            Optional<Part> extra) {}

    private static final Everything DEFAULTS =
            new Everything(
                    null,
                    false,
                    7,
                    8,
                    0.5,
                    new Source(null, Mode.PER_CHUNK),
                    List.of(),
                    Map.of(),
                    Map.of(),
                    Optional.empty(),
                    Optional.empty());

    private static final String WHOLE =
            """
            name: all
            flag: true
            small: 1
            big: 5000000000
            rate: 1e-8
            source:
              path: data
              order_mode: continuous
            parts:
              - rows_per_chunk: 3
                lr_scale: 1.0
            weights:
              c4: 0.25
              arxiv: 1.0
            model:
              vocab_size: 32000
              rope_scaling: null
            note: text
            extra:
              rows_per_chunk: 2
              lr_scale: 0.5
            """;

    private static Everything bind(String yaml) {
        return ConfigTree.parse(yaml).bind(Everything.class, DEFAULTS);
    }

    @Test
    void every_kind_of_component_is_read_and_written_back() {
        Everything all = bind(WHOLE);
        assertThat(all.source()).isEqualTo(new Source("data", Mode.CONTINUOUS));
        assertThat(all.big()).isEqualTo(5_000_000_000L);
        assertThat(all.parts()).containsExactly(new Part(3, 1));
        assertThat(all.weights()).containsExactly(Map.entry("c4", 0.25), Map.entry("arxiv", 1.0));
        assertThat(all.model()).containsEntry("vocab_size", 32000L).containsKey("rope_scaling");
        assertThat(all.note()).contains("text");
        assertThat(ConfigTree.of(all).toYaml()).isEqualTo(WHOLE);
        assertThat(ConfigTree.of(all).bind(Everything.class, null)).isEqualTo(all);
    }

    @Test
    void what_is_absent_or_empty_is_as_in_the_defaults() {
        Everything few = bind("{name: few, source: {path: x}, parts: ~, extra:, small: }");
        assertThat(few)
                .isEqualTo(
                        new Everything(
                                "few",
                                false,
                                7,
                                8,
                                0.5,
                                new Source("x", Mode.PER_CHUNK),
                                List.of(),
                                Map.of(),
                                Map.of(),
                                Optional.empty(),
                                Optional.empty()));
        assertThat(ConfigTree.of(few).bind(Everything.class, DEFAULTS)).isEqualTo(few);
    }

    @Test
    void whole_numbers_may_be_written_with_an_exponent_and_constants_with_either_dash() {
        Everything written =
                ConfigTree.parse(WHOLE)
                        .with("small=1e3")
                        .with("rate=2")
                        .with("source.order_mode=PER_CHUNK")
                        .bind(Everything.class, DEFAULTS);
        assertThat(written.small()).isEqualTo(1000);
        assertThat(written.rate()).isEqualTo(2.0);
        assertThat(written.source().orderMode()).isEqualTo(Mode.PER_CHUNK);
        assertThat(
                        ConfigTree.parse(WHOLE)
                                .with("source.order_mode=per-chunk")
                                .bind(Everything.class, DEFAULTS)
                                .source()
                                .orderMode())
                .isEqualTo(Mode.PER_CHUNK);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "source.pat=x | unknown key 'source.pat'; did you mean source.path,"
                        + " source.order_mode?",
                "nmae=x | unknown key 'nmae'; did you mean name,",
                "name=12 | name is 12; expected text",
                "small=a | small is 'a'; expected a whole number within 32 bits",
                "small=5000000000 | small is 5000000000; expected a whole number within 32 bits",
                "big=1.5 | big is 1.5; expected a whole number",
                "rate='1' | rate is '1'; expected a number",
                "flag=no | flag is 'no'; expected true or false",
                "source=x | source is 'x'; expected a map of keys and values",
                "source.order_mode=all | source.order_mode is 'all'; expected one of per-chunk,",
                "source.order_mode=1 | source.order_mode is 1; expected one of per-chunk,"
                        + " continuous",
                "source.path= | missing source.path: expected text",
                "parts=1 | parts is 1; expected a list",
                "parts.0.lr_scale=x | parts.0.lr_scale is 'x'; expected a number",
                "parts.1.lr_scale=1 | missing parts.1.rows_per_chunk: expected a whole number",
                "weights.c4=x | weights.c4 is 'x'; expected a number",
                "extra={} | missing extra.rows_per_chunk",
            })
    void a_wrong_value_is_named_by_its_path_and_what_was_expected(
            String assignment, String problem) {
        ConfigTree tree = ConfigTree.parse(WHOLE).with(assignment);
        assertThatThrownBy(() -> tree.bind(Everything.class, DEFAULTS))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(problem);
    }

    @Test
    void a_records_own_refusal_comes_with_its_path() {
        ConfigTree tree = ConfigTree.parse(WHOLE);
        assertThatThrownBy(
                        () ->
                                tree.with("parts.0.rows_per_chunk=-1")
                                        .bind(Everything.class, DEFAULTS))
                .isInstanceOf(ConfigException.class)
                .hasMessage("parts.0.rows_per_chunk (-1) must not be negative");
        assertThatThrownBy(() -> tree.with("extra.lr_scale=9").bind(Everything.class, DEFAULTS))
                .isInstanceOf(ConfigException.class)
                .hasMessage("extra: more scale than rows");
    }
}
