package ai.llm360.serve;

import ai.llm360.serve.JinjaTranslator.Translation;
import ai.llm360.serve.JinjaValues.Failure;
import ai.llm360.serve.JinjaValues.Rendering;
import ai.llm360.serve.JinjaValues.Special;
import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.el.JinjavaProcessors;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.InterpretException;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.tree.Node;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Renders a translated template by Jinjava.
 *
 * <p>Jinjava is left without what reads files, includes, or names classes; all that a translation
 * calls is in {@link JinjaValues}.
 */
final class JinjaEngine {

    /** The variable that each call of a translation has as its first argument. */
    private static final String RENDERING = "s";

    private static final int MAX_TEMPLATE = 256 << 10;
    private static final int MAX_OUTPUT = 8 << 20;
    private static final int MAX_ITEMS = 1 << 22;

    private final Translation translation;
    private final Jinjava jinjava;
    private final UnaryOperator<String> dates;

    /**
     * Translates a template.
     *
     * @param dates writes the present time in a format of strftime
     * @throws IllegalArgumentException if it is too large, or can't be parsed; the message says
     *     where
     */
    JinjaEngine(String template, UnaryOperator<String> dates) {
        if (template.length() > MAX_TEMPLATE) {
            throw new IllegalArgumentException(
                    "it has %,d letters; a chat template has at most %,d"
                            .formatted(template.length(), MAX_TEMPLATE));
        }
        translation = JinjaTranslator.translate(template);
        this.dates = dates;
        jinjava =
                new Jinjava(
                        JinjavaConfig.newBuilder()
                                .withNestedInterpretationEnabled(false)
                                .withMaxOutputSize(MAX_OUTPUT)
                                .withMaxStringLength(MAX_OUTPUT)
                                .withMaxListSize(MAX_ITEMS)
                                .withMaxMapSize(MAX_ITEMS)
                                .withMaxRenderDepth(200)
                                .withKeepTrailingNewline(true)
                                .withProcessors(
                                        JinjavaProcessors.newBuilder()
                                                .withNodePreProcessor(JinjaEngine::beforeNode)
                                                .build())
                                .build());
        jinjava.setResourceLocator((name, encoding, interpreter) -> "");
        Context all = jinjava.getGlobalContext();
        for (Method method : JinjaValues.class.getDeclaredMethods()) {
            if (method.getName().startsWith("py_")) {
                method.setAccessible(true);
                all.registerFunction(new ELFunctionDefinition("", method.getName(), method));
            }
        }
    }

    /** Ends a rendering that has failed: Jinjava itself would go on with the next node. */
    private static void beforeNode(Node node, JinjavaInterpreter interpreter) {
        Rendering rendering = (Rendering) interpreter.getContext().get(RENDERING);
        if (!rendering.goesOn()) {
            throw new InterpretException("ended");
        }
    }

    /**
     * Renders the template.
     *
     * @param names the values of names, of the kinds that {@link JinjaValues} knows
     * @throws Failure if the template fails, or comes to a construct that is refused
     */
    synchronized String render(Map<String, Object> names) {
        Rendering rendering = new Rendering(dates);
        Map<String, Object> values = new HashMap<>(translation.constants());
        translation
                .free()
                .forEach(
                        (name, variable) ->
                                values.put(variable, names.getOrDefault(name, Special.UNDEFINED)));
        values.put(RENDERING, rendering);
        RenderResult result;
        try {
            result = jinjava.renderForResult(translation.text(), values);
        } catch (RuntimeException | StackOverflowError e) {
            throw rendering.failure() != null
                    ? rendering.failure()
                    : new Failure("the engine fails: " + e, false);
        }
        if (rendering.failure() != null) {
            throw rendering.failure();
        }
        if (!result.getErrors().isEmpty()) {
            TemplateError error = result.getErrors().get(0);
            throw new Failure("the engine fails: " + error.getMessage(), false);
        }
        return result.getOutput();
    }
}
