package ai.llm360.common.train;

import ai.djl.ndarray.NDArray;
import java.util.Collection;
import java.util.List;

/**
 * Exchanges arrays between the processes, or threads, that train one model together: the ranks.
 *
 * <p>Each rank must call the same methods in the same order, with arrays of the same shapes and
 * types (float32, float64, INT64); a call returns when all have made it. The result is the same on
 * each rank, to the last bit. Where a rank is lost, an implementation fails the calls of the others
 * with an {@link IllegalStateException} that names it, rather than let them wait.
 */
public interface Collective {

    /** Returns the number of this process, from 0; the first one keeps the run. */
    int rank();

    /** Returns the number of processes. */
    int worldSize();

    /**
     * Sums arrays over all ranks.
     *
     * @param arrays this rank's, each of which the sum replaces
     */
    void allReduce(Collection<NDArray> arrays);

    /**
     * Gathers an array of each rank.
     *
     * @param array this rank's
     * @return one of each rank, in their order, attached to the manager of {@code array}
     */
    List<NDArray> allGather(NDArray array);

    /**
     * Gives all ranks what the first one has.
     *
     * @param arrays the first rank's, which are sent; or another's, which are overwritten
     */
    void broadcast(Collection<NDArray> arrays);

    /** {@return the collective of one process: rank 0 of 1, which exchanges nothing} */
    static Collective local() {
        return new Collective() {
            @Override
            public int rank() {
                return 0;
            }

            @Override
            public int worldSize() {
                return 1;
            }

            @Override
            public void allReduce(Collection<NDArray> arrays) {}

            @Override
            public List<NDArray> allGather(NDArray array) {
                return List.of(array);
            }

            @Override
            public void broadcast(Collection<NDArray> arrays) {}
        };
    }
}
