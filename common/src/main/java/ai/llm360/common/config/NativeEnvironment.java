package ai.llm360.common.config;

import com.sun.jna.Library;
import com.sun.jna.Native;

/**
 * Reads and sets the C environment of this process, which native libraries read when they are
 * loaded. Java's own copy of it doesn't change: child processes get that.
 */
final class NativeEnvironment {

    private NativeEnvironment() {}

    /** The C library of Linux. */
    private interface LibC extends Library {

        int setenv(String name, String value, int overwrite);

        String getenv(String name);
    }

    /**
     * Sets a variable; without a C library that can be reached, it fails with a {@link
     * LinkageError}.
     */
    static void set(String name, String value) {
        Native.load("c", LibC.class).setenv(name, value, 1);
    }

    /**
     * Returns a variable's value, or null. Where the C library can't be reached, nothing was set by
     * {@link #set}, and Java's copy has the value.
     */
    static String get(String name) {
        try {
            return Native.load("c", LibC.class).getenv(name);
        } catch (LinkageError e) {
            return System.getenv(name);
        }
    }
}
