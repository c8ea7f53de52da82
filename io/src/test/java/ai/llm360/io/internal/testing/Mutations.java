package ai.llm360.io.internal.testing;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Damages what is valid: a fixed seed gives the same thousands of damaged files each time. */
public final class Mutations {

    /** Bytes that turn a length, an offset or an opcode into something else. */
    private static final int[] SPICE = {0, 1, 0x7F, 0x80, 0xFF, '"', '{', '[', '(', '.', 'R', 'P'};

    private static final String[] JSON_SPICE = {
        "-1",
        "0",
        "1e9",
        "9223372036854775807",
        "9223372036854775808",
        "null",
        "true",
        "[",
        "]",
        "{",
        "}",
        "\"",
        ",",
        ":",
        "\"dtype\"",
        "\"shape\":[]",
        "\\u0000",
        "\\ud800",
        "\u00e9",
        " "
    };

    private Mutations() {}

    /**
     * Returns the number of files that a test damages: a few thousand in a build, and as many times
     * that as the system property {@code llm360.fuzz} says in a search of hours.
     */
    public static int cases(int build) {
        return build * Integer.getInteger("llm360.fuzz", 1);
    }

    /** Flips, overwrites, cuts, repeats or inserts bytes, one to four times. */
    public static byte[] bytes(byte[] good, Random random) {
        byte[] bytes = good;
        for (int times = 1 + random.nextInt(4); times > 0 && bytes.length > 1; times--) {
            int at = random.nextInt(bytes.length);
            int end = at + random.nextInt(Math.min(64, bytes.length - at)) + 1;
            byte spice = (byte) SPICE[random.nextInt(SPICE.length)];
            switch (random.nextInt(6)) {
                case 0 -> {
                    bytes = bytes.clone();
                    bytes[at] ^= (byte) (1 << random.nextInt(8));
                }
                case 1 -> {
                    bytes = bytes.clone();
                    bytes[at] = spice;
                }
                case 2 -> bytes = Arrays.copyOf(bytes, at + 1);
                case 3 -> bytes = join(bytes, at, new byte[0], end);
                case 4 -> bytes = join(bytes, end, Arrays.copyOfRange(bytes, at, end), end);
                default -> {
                    byte[] run = new byte[1 + random.nextInt(8)];
                    Arrays.fill(run, spice);
                    bytes = join(bytes, at, run, Math.min(bytes.length, at + run.length));
                }
            }
        }
        return bytes;
    }

    /** Puts a piece of JSON in the place of another. */
    public static byte[] json(byte[] good, Random random) {
        byte[] bytes = good;
        for (int times = 1 + random.nextInt(2); times > 0; times--) {
            int at = random.nextInt(bytes.length);
            int end = Math.min(bytes.length, at + random.nextInt(4));
            String piece = JSON_SPICE[random.nextInt(JSON_SPICE.length)];
            bytes = join(bytes, at, piece.getBytes(StandardCharsets.UTF_8), end);
        }
        return bytes;
    }

    private static byte[] join(byte[] bytes, int until, byte[] middle, int from) {
        byte[] joined = Arrays.copyOf(bytes, until + middle.length + bytes.length - from);
        System.arraycopy(middle, 0, joined, until, middle.length);
        System.arraycopy(bytes, from, joined, until + middle.length, bytes.length - from);
        return joined;
    }
}
