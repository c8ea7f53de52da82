package ai.llm360.zoo.catalogue;

import ai.llm360.hub.HubCache;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubException;
import ai.llm360.hub.HubException.Reason;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.HubSettings;
import ai.llm360.hub.TransferListener;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * A repository that LLM360 published: the names that the Hub has had for it, and what its models
 * must be.
 *
 * <p>LLM360's organisation on the Hub has become IFM. The Hub leads from an old name to the new one
 * only until somebody else takes the old name; mirrors and caches have the names of their day. So
 * the new name is asked for first and the others after it, whatever lies in the cache under one of
 * them is found, and a model's config.json must be of the architecture and the sizes that were
 * published.
 *
 * @param names the repository's names, today's first
 * @param modelType the {@code model_type} of its config.json
 * @param sizes numbers of its config.json
 */
public record PublishedRepository(
        List<String> names, String modelType, Map<String, Integer> sizes) {

    public static final String CONFIG = "config.json";

    /** The branch that has the last checkpoint of a training. */
    public static final String MAIN = "main";

    private static final Map<String, Integer> LLAMA_7B =
            Map.of(
                    "hidden_size", 4096,
                    "intermediate_size", 11008,
                    "num_hidden_layers", 32,
                    "num_attention_heads", 32);

    private static final Map<String, Integer> CRYSTAL_7B =
            Map.of("n_embd", 4096, "n_inner", 10922, "n_layer", 32, "n_head", 32);

    private static final List<PublishedRepository> ALL =
            List.of(
                    new PublishedRepository(
                            List.of("IFM/Amber", "LLM360/Amber"), "llama", LLAMA_7B),
                    new PublishedRepository(
                            List.of("IFM/Crystal", "LLM360/Crystal", "LLM360/CrystalCoder"),
                            "crystalcoder",
                            CRYSTAL_7B),
                    new PublishedRepository(
                            List.of("IFM/AmberChat", "LLM360/AmberChat"), "llama", LLAMA_7B),
                    new PublishedRepository(
                            List.of("IFM/AmberSafe", "LLM360/AmberSafe"), "llama", LLAMA_7B),
                    new PublishedRepository(
                            List.of("IFM/CrystalChat", "LLM360/CrystalChat"),
                            "crystalcoder",
                            CRYSTAL_7B));

    private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

    /** Asks for something of a repository by one of its names. */
    public interface Asking<T> {
        T ask(String repository) throws IOException;
    }

    private static Optional<PublishedRepository> of(String repository) {
        return ALL.stream()
                .filter(one -> one.names.stream().anyMatch(repository::equalsIgnoreCase))
                .findFirst();
    }

    /** Returns all names of a repository: the one that is given, then others that it has had. */
    public static List<String> names(String repository) {
        List<String> names = new ArrayList<>(List.of(repository));
        of(repository).ifPresent(found -> names.addAll(found.names));
        return names.stream().distinct().toList();
    }

    /**
     * Asks by one name after the other until one is known. Without a connection, only those that
     * the cache has are tried after the first.
     *
     * @throws HubException the first name's, if none is known
     */
    public static <T> T first(HubClient hub, String repository, Asking<T> asking)
            throws IOException {
        HubCache cache = new HubCache(hub.settings().cache());
        HubException first = null;
        for (String name : names(repository)) {
            if (first != null && first.getReason() != Reason.NOT_FOUND && !cache.has(name)) {
                continue;
            }
            try {
                return asking.ask(name);
            } catch (HubException e) {
                Reason reason = e.getReason();
                if (reason != Reason.NOT_FOUND
                        && reason != Reason.OFFLINE
                        && reason != Reason.UNREACHABLE) {
                    throw e;
                }
                first = first == null ? e : first;
            }
        }
        throw first;
    }

    /**
     * Plans a download, into the directory of the cache that has most of it: an earlier download by
     * another name of the same commit is gone on with.
     */
    public static HubPlan plan(
            HubClient hub, String repository, String revision, Predicate<String> include)
            throws IOException {
        HubPlan plan = first(hub, repository, name -> hub.plan(name, revision, include));
        HubCache cache = new HubCache(hub.settings().cache());
        for (String name : names(repository)) {
            if (plan.missingBytes() > 0 && !name.equals(plan.repository()) && cache.has(name)) {
                try {
                    HubPlan other = hub.plan(name, revision, include);
                    if (other.commit().equals(plan.commit())
                            && other.missingBytes() < plan.missingBytes()) {
                        plan = other;
                    }
                } catch (HubException e) {
                    // That name leads nowhere any more.
                }
            }
        }
        return plan;
    }

    /**
     * Returns the names by which a cache has a revision.
     *
     * @throws HubException if it has it by none, saying what it has by the first
     */
    public static List<String> cached(HubCache cache, String repository, String revision)
            throws IOException {
        List<String> found = new ArrayList<>();
        HubException absent = null;
        for (String name : names(repository)) {
            try {
                cache.commit(name, revision);
                found.add(name);
            } catch (HubException e) {
                if (e.getReason() != Reason.NOT_FOUND) {
                    throw e;
                }
                absent = absent == null || (cache.has(name) && found.isEmpty()) ? e : absent;
            }
        }
        if (found.isEmpty()) {
            throw absent;
        }
        return found;
    }

    /**
     * Refuses to download what isn't the model of that name. Its config.json is downloaded for
     * that.
     *
     * @throws IOException if it is another model
     */
    public static void require(HubClient hub, HubPlan plan) throws IOException {
        boolean known = of(plan.repository()).isPresent();
        if (!known || !isForeign(hub.settings()) || plan.missing().isEmpty()) {
            return;
        }
        Path config;
        try {
            config =
                    hub.snapshot(
                                    plan.repository(),
                                    plan.commit(),
                                    CONFIG::equals,
                                    TransferListener.none())
                            .directory()
                            .resolve(CONFIG);
        } catch (HubException e) {
            if (e.getReason() == Reason.NOT_FOUND) {
                return; // what has no configuration can't be taken for a model
            }
            throw e;
        }
        require(
                hub.settings(),
                plan.repository(),
                plan.repository() + "@" + plan.commit(),
                new String(Files.readAllBytes(config), StandardCharsets.UTF_8));
    }

    /**
     * Refuses a config.json that isn't of the model of that name. A Hub on this machine has what
     * its owner put there, and is believed.
     *
     * @param where what an error names
     * @throws IOException if it is another model's
     */
    public static void require(HubSettings settings, String repository, String where, String config)
            throws IOException {
        Optional<PublishedRepository> published = of(repository);
        if (published.isPresent() && isForeign(settings)) {
            published.get().require(config, where);
        }
    }

    private static boolean isForeign(HubSettings settings) {
        return !THIS_MACHINE.contains(settings.endpoint().getHost());
    }

    private void require(String config, String where) throws IOException {
        Map<String, String> expected = new TreeMap<>(Map.of("model_type", modelType));
        sizes.forEach((name, size) -> expected.put(name, size.toString()));
        Map<String, String> found = new TreeMap<>();
        try {
            JsonObject json = JsonParser.parseString(config).getAsJsonObject();
            for (String name : expected.keySet()) {
                JsonElement value = json.get(name);
                found.put(
                        name,
                        value != null && value.isJsonPrimitive() ? value.getAsString() : "none");
            }
        } catch (JsonParseException | IllegalStateException e) {
            throw new IOException(where + ": its config.json is no JSON object", e);
        }
        expected.entrySet().removeAll(found.entrySet());
        if (!expected.isEmpty()) {
            found.keySet().retainAll(expected.keySet());
            throw new IOException(
                    "%s is another model than LLM360 published: its config.json says %s where %s is expected; somebody else may have taken that name on the Hub, so none of it is loaded"
                            .formatted(where, found, expected));
        }
    }
}
