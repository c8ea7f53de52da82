package ai.llm360.zoo.transfer;

import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubFile;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.TransferListener;
import ai.llm360.zoo.HubReference;
import ai.llm360.zoo.catalogue.PublishedRepository;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;

/** Pulls into the Hub's cache, files as they are. */
public final class CacheTarget implements PullTarget {

    private final HubClient client;
    private final Predicate<String> include;
    private final Set<String> planned = new HashSet<>();

    /**
     * Creates a target.
     *
     * @param client the client of the Hub, which knows the cache
     * @param include which files are wanted, by their path in the repository
     */
    public CacheTarget(HubClient client, Predicate<String> include) {
        this.client = client;
        this.include = include;
    }

    @Override
    public Path directory() {
        return client.settings().cache();
    }

    @Override
    public Planned plan(HubReference wanted) throws IOException {
        HubPlan plan =
                PublishedRepository.plan(client, wanted.repository(), wanted.revision(), include);
        long bytes = 0;
        for (HubFile file : plan.missing()) {
            // Revisions share contents, such as a tokenizer's.
            if (planned.add(plan.repository() + " " + file.etag().orElseThrow())) {
                bytes += plan.missingBytes(file);
            }
        }
        return new Planned(plan, bytes, bytes, listener -> download(plan, listener));
    }

    private Path download(HubPlan plan, TransferListener listener) throws IOException {
        PublishedRepository.require(client, plan);
        return client.download(plan, listener).directory();
    }
}
