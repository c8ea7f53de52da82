package ai.llm360.common.config;

import com.sun.jna.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets how long libtorch's threads spin while they wait for one another.
 *
 * <p>libgomp lets them spin 300,000 times, which is milliseconds. On idle cores that helps little,
 * and on busy ones they take the cores from the very threads that they wait for. Measured on two
 * cores of a Xeon, in tokens/s of training, at 300,000 and at 5,000 spins and where they sleep at
 * once: amber-nano on a nearly idle machine 18,000 to 21,000, 18,400 to 18,900, 16,600 to 19,500;
 * beside two busy programs 670 to 2,200, 3,500 to 4,100, 3,900 to 5,000; 59 million parameters at a
 * load of 4 to 6, 93 to 132 and 226 to 241. A program can't know what else will run, so spinning is
 * short always: that loses a tenth at worst, where long spinning loses all but a sixth.
 *
 * <p>libgomp reads the {@link NativeEnvironment} once, when it is loaded.
 */
final class SpinTime {

    private static final Logger logger = LoggerFactory.getLogger(SpinTime.class);

    private static final String POLICY = "OMP_WAIT_POLICY";
    private static final String COUNT = "GOMP_SPINCOUNT";
    private static final String SHORT = "5000";

    private SpinTime() {}

    /**
     * Sets what the user has set neither as an environment variable nor as a system property; a
     * property is handed on. It must run before libtorch is loaded; running it again changes
     * nothing. Other systems than Linux have another OpenMP, which is left alone.
     */
    static void apply() {
        if (!Platform.isLinux() || System.getenv(POLICY) != null || System.getenv(COUNT) != null) {
            return;
        }
        String policy = System.getProperty(POLICY);
        String count = System.getProperty(COUNT, policy == null ? SHORT : null);
        try {
            set(POLICY, policy);
            set(COUNT, count);
        } catch (LinkageError e) {
            logger.debug("libtorch's threads spin as long as libgomp likes", e);
        }
    }

    private static void set(String name, String value) {
        if (value != null) {
            NativeEnvironment.set(name, value);
        }
    }
}
