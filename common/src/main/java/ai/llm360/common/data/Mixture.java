package ai.llm360.common.data;

import java.util.List;

/**
 * Decides which rows of a source each chunk holds.
 *
 * <p>Within a segment the rows are dealt round-robin, as Amber's {@code mix_and_split.py} deals
 * them: with N chunks, chunk c gets rows c, c+N, c+2N, … of each source. A segment that follows
 * another deals what that one's kept chunks have left, in the same order, so no row is used twice
 * before every row has been used once. Past its last row a source begins anew.
 *
 * @param segments the segments, in order
 * @param chunks the chunks of all of them together
 */
record Mixture(List<DataManifest.Segment> segments, int chunks) {

    static Mixture of(DataManifest manifest) {
        return new Mixture(manifest.segments(), manifest.chunks().size());
    }

    private int segmentOf(int chunk) {
        int found = 0;
        while (found + 1 < segments.size() && segments.get(found + 1).firstChunk() <= chunk) {
            found++;
        }
        return found;
    }

    /** The rows of a source in a chunk. */
    long rows(String source, int chunk) {
        return rowsPerChunk(segments.get(segmentOf(chunk)), source);
    }

    private static long rowsPerChunk(DataManifest.Segment segment, String source) {
        return segment.rowsPerChunk().getOrDefault(source, 0L);
    }

    /** The rows of a source in all chunks. */
    long used(String source) {
        long used = 0;
        for (int chunk = 0; chunk < chunks; chunk++) {
            used += rows(source, chunk);
        }
        return used;
    }

    /**
     * Returns the place of a chunk's i-th row of a source in the source's endless sequence of rows:
     * modulo the number of its rows, which row it is; divided by it, how often it came before.
     */
    long position(String source, int chunk, long i) {
        int index = segmentOf(chunk);
        DataManifest.Segment segment = segments.get(index);
        long position = i * segment.plannedChunks() + (chunk - segment.firstChunk());
        // From a place among what the segment before has left to a place in that one's sequence.
        while (--index >= 0) {
            DataManifest.Segment before = segments.get(index);
            long rows = rowsPerChunk(before, source);
            int kept = segments.get(index + 1).firstChunk() - before.firstChunk();
            int left = before.plannedChunks() - kept;
            position =
                    position < rows * left
                            ? position / left * before.plannedChunks() + kept + position % left
                            : position + rows * kept;
        }
        return position;
    }
}
