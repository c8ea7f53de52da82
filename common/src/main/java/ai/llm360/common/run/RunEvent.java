package ai.llm360.common.run;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.ToNumberPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Something out of the ordinary course of a run.
 *
 * @param step the optimizer steps done
 * @param kind what it was, such as {@code resumed}, {@code config_changed}, {@code non_finite}
 * @param details more about it, in order: text, numbers, booleans, null, and lists and maps of
 *     these
 */
public record RunEvent(long step, String kind, Map<String, Object> details) {

    private static final Gson GSON =
            new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();

    public RunEvent {
        details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
    }

    /**
     * {@return a run's events, by step} Integers come back as {@link Long}, other numbers as {@link
     * Double}, and NaN and the infinities as text. A half line at the end is left out.
     *
     * @throws RunException if a line can't be understood
     */
    public static List<RunEvent> read(Path run) throws IOException {
        return LogFile.read(run.resolve(RunLog.EVENTS), RunEvent::parse);
    }

    @SuppressWarnings("unchecked")
    private static RunEvent parse(JsonObject line) {
        return new RunEvent(
                JsonText.integer(line, "step"),
                JsonText.scalar(line, "kind"),
                GSON.fromJson(JsonText.object(line, "details"), Map.class));
    }
}
