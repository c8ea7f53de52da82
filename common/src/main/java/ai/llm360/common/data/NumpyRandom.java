package ai.llm360.common.data;

/**
 * NumPy's legacy generator, the Mersenne twister MT19937 of Matsumoto and Nishimura (1998), as far
 * as {@code np.random.seed(s)} and {@code np.random.permutation(n)} need it. NumPy has frozen both
 * (NEP 19), so orders drawn in Amber's training can be drawn again.
 */
final class NumpyRandom {

    /** The largest seed that NumPy takes. */
    static final long MAX_SEED = 0xFFFF_FFFFL;

    private static final int N = 624;
    private static final int M = 397;

    private final int[] state = new int[N];
    private int position = N;

    /** Seeds as {@code np.random.seed(seed)} does for a whole number. */
    NumpyRandom(long seed) {
        if (seed < 0 || seed > MAX_SEED) {
            throw new IllegalArgumentException(
                    "a seed is 0 to %d, as NumPy's is, not %d".formatted(MAX_SEED, seed));
        }
        int word = (int) seed;
        for (int i = 0; i < N; i++) {
            state[i] = word;
            word = 1812433253 * (word ^ (word >>> 30)) + i + 1;
        }
    }

    /** Returns 0 to n-1 in the order of {@code np.random.permutation(n)}. */
    int[] permutation(int n) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        for (int i = n - 1; i > 0; i--) {
            int j = interval(i);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        return order;
    }

    /** Draws from 0 to max, both included: numbers of as many bits, until one is no larger. */
    int interval(int max) {
        if (max == 0) {
            return 0; // without drawing, as NumPy
        }
        int mask = -1 >>> Integer.numberOfLeadingZeros(max);
        int value;
        do {
            value = next() & mask;
        } while (value > max);
        return value;
    }

    private int next() {
        if (position == N) {
            twist();
        }
        int y = state[position++];
        y ^= y >>> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >>> 18);
    }

    private void twist() {
        for (int i = 0; i < N; i++) {
            int y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
            state[i] = state[(i + M) % N] ^ (y >>> 1) ^ (-(y & 1) & 0x9908b0df);
        }
        position = 0;
    }
}
