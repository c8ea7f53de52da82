package ai.llm360.cli;

import ai.llm360.zoo.PartialCheckpoint;
import ai.llm360.zoo.hub.HubClient;
import ai.llm360.zoo.hub.HubSettings;
import java.io.IOException;

/** One client for all that a command asks the Hub, made when it is first needed. */
final class SharedHub implements PartialCheckpoint.Hub {

    private final Settings settings;
    private HubClient client;

    /** Reads the settings. */
    interface Settings {
        HubSettings read() throws IOException;
    }

    SharedHub(Settings settings) {
        this.settings = settings;
    }

    @Override
    public synchronized HubClient client() throws IOException {
        if (client == null) {
            client = HubClient.builder().setSettings(settings.read()).build();
        }
        return client;
    }
}
