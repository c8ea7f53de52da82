package ai.llm360.common.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/** Where packing reads a weight from. */
@FunctionalInterface
interface WeightSource {

    /** A source that reads the parameter itself. */
    WeightSource PARAMETERS = (manager, name, parameter) -> parameter;

    /**
     * Opens a weight.
     *
     * @param manager a manager that is closed once the weight is packed
     * @param parameter the parameter's own array
     */
    NDArray open(NDManager manager, String name, NDArray parameter);
}
