package ai.llm360.analysis.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.config.ConfigException;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TemplateTest {

    private final JsonObject document =
            JsonParser.parseString(
                            """
                            {"q": "Why?", "n": 3, "yes": true, "list": ["a", "b"],
                             "choices": [{"text": "x"}, {"text": "y"}],
                             "targets": {"one": 1, "two": 0}, "s": "He _ there. "}
                            """)
                    .getAsJsonObject();

    private String text(String template) {
        return Template.parse(template).text(document);
    }

    @Test
    void places_are_filled() {
        assertThat(text("Q: {q}\n{n} {yes} {{q}}")).isEqualTo("Q: Why?\n3 True {q}");
        assertThat(text("{choices.1.text}{list.0}")).isEqualTo("ya");
        assertThat(text("")).isEmpty();
    }

    @Test
    void a_place_with_a_list_stands_for_its_elements() {
        assertThat(Template.parse("{list}").texts(document)).containsExactly("a", "b");
        assertThat(Template.parse("{choices.*.text}").texts(document)).containsExactly("x", "y");
        assertThat(Template.parse("{targets.#}").texts(document)).containsExactly("one", "two");
        assertThat(Template.parse("{targets.*}").texts(document)).containsExactly("1", "0");
        assertThat(Template.parse("{absent?}").texts(document)).isEmpty();
        assertThatThrownBy(() -> text("all: {list}")).hasMessageContaining("several values");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "{s|before(\"_\")}x;He x",
                "{s|after(\"_\")|strip};there.",
                "{s|after(\"none\")};He _ there. ",
                "{s|rstrip|drop_last};He _ there",
                "{s|rstrip|last_word};there.",
                "{s|rstrip|but_last_word};He _",
                "{q|lower_first};why?",
                "{q|replace(\"?\", \"\\\"\")};Why\"",
                "{n|letter};D",
                "{n|from_one};4",
                "{list.1|position(\"ab\")};1",
                "{n|position(\"ABCD\")};3",
                "{yes|flag};1",
            })
    void functions_change_a_text(String template, String expected) {
        assertThat(text(template)).isEqualTo(expected);
    }

    @Test
    void split_makes_several_texts_for_the_functions_behind_it() {
        assertThat(Template.parse("{s|split(\" \")|constant(\"0\")}").texts(document))
                .containsExactly("0", "0", "0", "0");
    }

    @Test
    void hellaswag_is_cleaned_in_one_pass() {
        document.addProperty("s", " How [title] Do   it [step] now [a]. ");
        assertThat(text("{s|hellaswag}")).isEqualTo("How. Do  it now .");
    }

    @Test
    void wikitext_is_detokenized() {
        document.addProperty(
                "s",
                " = Title = \n The boys ' game ( 1 @,@ 000 , say ) ; \" quoted \" N @-@ th"
                        + " [ x ( y ] it 's 5 ° C .\n = = Part = = \n");
        assertThat(text("{s|wikitext}"))
                .isEqualTo(
                        " = Title =\nThe boys'game (1,000, say); \"quoted\" N-th"
                                + " [x ( y] it's 5°C .\n== Part ==\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{q;has a '{' without its '}'",
                "q};has a '}' without its '{'",
                "{};has a place without a field's name",
                "{q|stripe};did you mean strip",
                "{q|before};takes 1 arguments, not 0",
                "{q|before(_)};isn't in quotes",
                "{q|before(\"_\"};without a ')' behind it",
            })
    void a_wrong_template_is_refused(String template, String problem) {
        assertThatThrownBy(() -> Template.parse(template))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void an_absent_field_is_named_with_those_that_there_are() {
        assertThatThrownBy(() -> text("{choices.2.text}"))
                .hasMessage(
                        "the document has no 'choices.2.text'; it has q, n, yes, list, choices,"
                                + " targets, s");
    }
}
