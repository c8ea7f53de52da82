package ai.llm360.zoo.testing;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Lets this process use a Hub of the test's own, with a cache of its own, until it is closed. */
public final class HubEnvironment implements AutoCloseable {

    private final Map<String, String> before = new HashMap<>();

    private HubEnvironment() {}

    /** Switches connections on, to an endpoint. */
    public static HubEnvironment of(String endpoint, Path home) {
        return new HubEnvironment()
                .with("HF_ENDPOINT", endpoint)
                .with("HF_HOME", home.toString())
                .with("HF_HUB_CACHE", home.resolve("hub").toString())
                .with("HF_HUB_OFFLINE", "0")
                .with("offline", "true") // DJL itself stays off the network
                .with("ai.djl.offline", null);
    }

    /** Sets a variable; null for none. */
    public HubEnvironment with(String name, String value) {
        String old = value == null ? System.clearProperty(name) : System.setProperty(name, value);
        before.putIfAbsent(name, old);
        return this;
    }

    @Override
    public void close() {
        before.forEach(
                (name, value) -> {
                    if (value == null) {
                        System.clearProperty(name);
                    } else {
                        System.setProperty(name, value);
                    }
                });
    }
}
