package ai.llm360.common.data;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A format of files that hold ready rows, such as a model's published training data.
 *
 * <p>{@link java.util.ServiceLoader} finds the formats; a recipe's source calls one by {@code
 * format: <name>}. What is wrong with a file is told to the sink, which ends an import and lists it
 * in a check. The sink itself checks the ids of a row and their number. An instance may be used
 * from several threads at once.
 */
public interface RowFormat {

    /** {@return the format's name in recipes, in snake case} */
    String name();

    /**
     * {@return whether a file's name, without its directory, says that it is of this format} It is
     * read so where no format is given.
     */
    boolean takes(String fileName);

    /**
     * Reads the rows of a file in their order, never all of them at once.
     *
     * @param rowLength the ids that a row should have, T+1; a file of another length is a problem
     * @param sink takes rows and problems
     */
    void read(Path file, int rowLength, Sink sink) throws IOException;

    /**
     * Counts the rows of a file, without looking at each where that can be helped.
     *
     * @param rowLength as {@link #read} takes it
     * @param sink is told if the file can't be read as one of rows of that length
     * @return the number of rows; 0 where the sink was told and returned
     */
    long count(Path file, int rowLength, Sink sink) throws IOException;

    /** Takes what is read. */
    interface Sink {

        /**
         * Takes a row.
         *
         * @param number its number in the file, from 0
         * @param ids T+1 ids, which the caller may use again after the call
         * @param mask T values, 1 where the prediction of {@code ids[t + 1]} counts and 0 where it
         *     doesn't
         * @throws IOException to end the reading
         */
        void row(long number, int[] ids, float[] mask) throws IOException;

        /**
         * Takes a problem; if the sink returns, reading goes on with what can still be read.
         *
         * @param number the row's number, or -1 if it is one of the file
         * @param problem what was found, what was expected and what to do
         * @throws IOException to end the reading
         */
        void problem(long number, String problem) throws IOException;
    }
}
