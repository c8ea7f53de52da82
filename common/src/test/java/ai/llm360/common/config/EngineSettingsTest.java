package ai.llm360.common.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.util.Utils;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EngineSettingsTest {

    private static final Map<String, String> DEFAULTS =
            Map.of("OPT_OUT_TRACKING", "true", "RUST_FLAVOR", "cpu", "offline", "true");

    private static final String USERS_WORD = "ai.djl.offline";

    private final Map<String, String> before = new HashMap<>();

    @BeforeEach
    void clear() {
        for (String name : DEFAULTS.keySet()) {
            assumeTrue(System.getenv(name) == null, name + " is set in this environment");
            before.put(name, System.clearProperty(name));
        }
        assumeTrue(System.getenv("DJL_OFFLINE") == null, "DJL_OFFLINE is set");
        before.put(USERS_WORD, System.clearProperty(USERS_WORD));
    }

    @AfterEach
    void restore() {
        before.forEach(
                (name, value) -> {
                    if (value == null) {
                        System.clearProperty(name);
                    } else {
                        System.setProperty(name, value);
                    }
                });
    }

    @Test
    void what_nobody_set_keeps_djl_off_the_network() {
        EngineSettings.apply();
        EngineSettings.apply();
        DEFAULTS.forEach((name, value) -> assertThat(System.getProperty(name)).isEqualTo(value));
        assertThat(Utils.isOfflineMode()).isTrue();
        assertThat(System.getProperty(USERS_WORD)).isNull();
    }

    @Test
    void what_a_user_set_wins() {
        System.setProperty(USERS_WORD, "false");
        System.setProperty("RUST_FLAVOR", "cu128");
        EngineSettings.apply();
        assertThat(Utils.isOfflineMode()).isFalse();
        assertThat(System.getProperty("RUST_FLAVOR")).isEqualTo("cu128");
        assertThat(System.getProperty("OPT_OUT_TRACKING")).isEqualTo("true");
    }

    @Test
    void threads_are_as_many_as_libtorch_is_told() {
        String name = "ai.djl.pytorch.num_threads";
        before.put(name, System.clearProperty(name));
        assumeTrue(System.getenv("OMP_NUM_THREADS") == null, "OMP_NUM_THREADS is set");
        assertThat(EngineSettings.threads()).isEqualTo(Runtime.getRuntime().availableProcessors());
        EngineSettings.optThreads(3);
        assertThat(EngineSettings.threads()).isEqualTo(3);
        EngineSettings.optThreads(5); // the first word counts
        assertThat(EngineSettings.threads()).isEqualTo(3);
    }
}
