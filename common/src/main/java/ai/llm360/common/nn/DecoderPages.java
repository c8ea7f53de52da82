package ai.llm360.common.nn;

import ai.djl.ndarray.NDManager;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/** A decoder's page, compiled once for each kind of linear weight that is asked for. */
final class DecoderPages {

    private final DecoderLayout layout;
    private final NDManager manager;
    private final Map<LinearKind, TorchScript> compiled = new EnumMap<>(LinearKind.class);

    DecoderPages(DecoderLayout layout, NDManager manager) {
        this.layout = layout;
        this.manager = manager;
    }

    /** The page on plain tensors, which autograd can record. */
    TorchScript plain() {
        return get(LinearKind.PLAIN);
    }

    synchronized TorchScript get(LinearKind kind) {
        return compiled.computeIfAbsent(
                kind,
                k -> {
                    Map<String, Object> constants = new HashMap<>(layout.constants());
                    if (k == LinearKind.INT8) {
                        constants.putAll(CpuKernels.get().constants(k));
                    }
                    return TorchScript.compile(manager, k.complete(layout.page()), constants);
                });
    }
}
