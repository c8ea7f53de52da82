package ai.llm360.cli;

import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubRetry;
import ai.llm360.hub.HubSettings;
import ai.llm360.zoo.PartialCheckpoint;
import java.io.IOException;
import java.util.function.Consumer;

/** One client for all that a command asks the Hub, made when it is first needed. */
final class SharedHub implements PartialCheckpoint.Hub {

    private final Settings settings;
    private final Consumer<HubRetry> retries;
    private HubClient client;

    /** Reads the settings. */
    interface Settings {
        HubSettings read() throws IOException;
    }

    SharedHub(Settings settings, Consumer<HubRetry> retries) {
        this.settings = settings;
        this.retries = retries;
    }

    @Override
    public synchronized HubClient client() throws IOException {
        if (client == null) {
            client =
                    HubClient.builder()
                            .setSettings(settings.read())
                            .optRetryListener(retries)
                            .build();
        }
        return client;
    }
}
