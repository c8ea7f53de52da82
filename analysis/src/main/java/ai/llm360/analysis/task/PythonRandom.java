package ai.llm360.analysis.task;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Python's {@code random.Random}: the Mersenne twister MT19937 of Matsumoto and Nishimura (1998),
 * seeded by {@code init_by_array} as Python seeds by a whole number, and the ways in which CPython
 * 3 draws from it. Documents, examples and bootstrap replicates drawn by lm-evaluation-harness can
 * so be drawn again.
 */
public final class PythonRandom {

    private static final int N = 624;
    private static final int M = 397;

    private final int[] state = new int[N];
    private int position = N;

    /**
     * Seeds as {@code random.Random(seed)} does.
     *
     * @param seed a whole number; Python takes its absolute value
     */
    public PythonRandom(long seed) {
        long magnitude = Math.abs(seed);
        int high = (int) (magnitude >>> 32);
        seed(high == 0 ? new int[] {(int) magnitude} : new int[] {(int) magnitude, high});
    }

    /** The reference implementation's init_by_array. */
    private void seed(int[] key) {
        state[0] = 19650218;
        for (int i = 1; i < N; i++) {
            state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
        }
        int i = 1;
        int j = 0;
        for (int k = Math.max(N, key.length); k > 0; k--) {
            state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >>> 30)) * 1664525)) + key[j] + j;
            j = (j + 1) % key.length;
            i = nextIndex(i);
        }
        for (int k = N - 1; k > 0; k--) {
            state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >>> 30)) * 1566083941)) - i;
            i = nextIndex(i);
        }
        state[0] = 0x80000000;
    }

    private int nextIndex(int i) {
        if (i < N - 1) {
            return i + 1;
        }
        state[0] = state[N - 1];
        return 1;
    }

    private int next() {
        if (position == N) {
            for (int i = 0; i < N; i++) {
                int y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
                state[i] = state[(i + M) % N] ^ (y >>> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
            }
            position = 0;
        }
        int y = state[position++];
        y ^= y >>> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >>> 18);
    }

    /** {@return a number in [0, 1), as {@code random()}} */
    public double random() {
        int high = next() >>> 5;
        int low = next() >>> 6;
        return (high * 67108864.0 + low) / 9007199254740992.0;
    }

    /** Draws 1 to 32 bits, as {@code getrandbits}. */
    int bits(int count) {
        return next() >>> (32 - count);
    }

    /**
     * Draws from 0 to n-1, n at least 1: numbers of as many bits as n has, until one is smaller.
     */
    private int below(int n) {
        int bits = 32 - Integer.numberOfLeadingZeros(n);
        int drawn = bits(bits);
        while (drawn >= n) {
            drawn = bits(bits);
        }
        return drawn;
    }

    /**
     * Draws without replacement, as {@code sample(range(n), k)}.
     *
     * @param n the number to draw from
     * @param k how many to draw, at most n
     * @return the indices that were drawn, in their order
     */
    public int[] sample(int n, int k) {
        if (k < 0 || k > n) {
            throw new IllegalArgumentException(
                    "%d can't be drawn from %d without replacement".formatted(k, n));
        }
        long setSize = 21;
        if (k > 5) {
            // Python's 4 ** ceil(log(k * 3, 4)), in whole numbers
            long power = 1;
            while (power < 3L * k) {
                power *= 4;
            }
            setSize += power;
        }
        int[] drawn = new int[k];
        if (n <= setSize) {
            int[] pool = new int[n];
            Arrays.setAll(pool, i -> i);
            for (int i = 0; i < k; i++) {
                int j = below(n - i);
                drawn[i] = pool[j];
                pool[j] = pool[n - i - 1];
            }
            return drawn;
        }
        Set<Integer> taken = new HashSet<>();
        for (int i = 0; i < k; i++) {
            int j = below(n);
            while (!taken.add(j)) {
                j = below(n);
            }
            drawn[i] = j;
        }
        return drawn;
    }

    /** {@return the values that a sample of indices stands for, as {@code sample(values, k)}} */
    <T> List<T> sample(List<T> values, int k) {
        List<T> drawn = new ArrayList<>(k);
        for (int i : sample(values.size(), k)) {
            drawn.add(values.get(i));
        }
        return drawn;
    }

    /** {@return 0 to n-1 in the order of {@code shuffle(list(range(n)))}} */
    public int[] shuffled(int n) {
        int[] order = new int[n];
        Arrays.setAll(order, i -> i);
        for (int i = n - 1; i > 0; i--) {
            int j = below(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        return order;
    }

    /** {@return k indices drawn with replacement, as {@code choices(range(n), k=k)}} */
    public int[] choices(int n, int k) {
        int[] drawn = new int[k];
        for (int i = 0; i < k; i++) {
            drawn[i] = (int) Math.floor(random() * n);
        }
        return drawn;
    }
}
