package ai.llm360.common.model;

import java.util.List;
import java.util.ServiceLoader;

/** Holds the backends on the class path, which are looked for once. */
final class InferenceBackends {

    static final List<InferenceBackend> FOUND =
            ServiceLoader.load(InferenceBackend.class, InferenceBackend.class.getClassLoader())
                    .stream()
                    .map(ServiceLoader.Provider::get)
                    .toList();

    private InferenceBackends() {}
}
