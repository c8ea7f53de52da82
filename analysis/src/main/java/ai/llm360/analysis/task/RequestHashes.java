package ai.llm360.analysis.task;

import ai.llm360.io.internal.Hashes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;

/**
 * Hashes of a task's requests, by which two harnesses can be compared without a model.
 *
 * <p>A scored pair counts as context and continuation, a whole text as itself.
 *
 * @param docs the number of documents
 * @param requests the number of requests that the profile's harness makes
 * @param sha256NulJoined the SHA-256 of all texts in order, joined by U+0000; of a generation the
 *     context alone
 * @param sha256Json the SHA-256 of {@code json.dumps(requests, sort_keys=True)}, as the harness'
 *     own tests of b281b09 take it, with {@code [context, {"until": […]}]} for a generation
 */
public record RequestHashes(int docs, int requests, String sha256NulJoined, String sha256Json) {

    /** {@return the hashes of a task's documents} */
    public static RequestHashes of(Profile profile, List<TaskItem> items) {
        MessageDigest joined = Hashes.sha256();
        MessageDigest json = Hashes.sha256();
        update(json, "[");
        int requests = 0;
        for (TaskItem item : items) {
            for (Request request : item.requests()) {
                // The old harness asks for the likelihood and for greediness, each by a request.
                boolean twice =
                        profile == Profile.LM_EVAL_B281B09
                                && item.target() instanceof Target.Continuation;
                for (int i = 0; i < (twice ? 2 : 1); i++) {
                    add(joined, json, request, requests++ == 0);
                }
            }
        }
        update(json, "]");
        return new RequestHashes(items.size(), requests, Hashes.hex(joined), Hashes.hex(json));
    }

    private static void add(
            MessageDigest joined, MessageDigest json, Request request, boolean first) {
        List<String> texts = texts(request);
        StringBuilder line = new StringBuilder(first ? "[" : ", [");
        for (int i = 0; i < texts.size(); i++) {
            update(joined, first && i == 0 ? texts.get(i) : "\0" + texts.get(i));
            line.append(i == 0 ? "" : ", ");
            PythonJson.quote(line, texts.get(i));
        }
        if (request instanceof Request.Generation generation) {
            line.append(", {\"until\": [");
            for (int i = 0; i < generation.until().size(); i++) {
                line.append(i == 0 ? "" : ", ");
                PythonJson.quote(line, generation.until().get(i));
            }
            line.append("]}");
        }
        update(json, line.append(']').toString());
    }

    private static List<String> texts(Request request) {
        if (request instanceof Request.LogLikelihood pair) {
            return List.of(pair.context(), pair.continuation());
        }
        if (request instanceof Request.Rolling rolling) {
            return List.of(rolling.text());
        }
        return List.of(((Request.Generation) request).context());
    }

    private static void update(MessageDigest digest, String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
    }
}
