package ai.llm360.kernels;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The functions of {@code src/main/native}, whose comments say what each takes. Addresses are
 * {@code long}s.
 */
final class KernelLibrary {

    private static final Logger logger = LoggerFactory.getLogger(KernelLibrary.class);

    /** The {@link #llm360_version} of these signatures. */
    private static final int VERSION = 5;

    /** True if the functions can be called on this machine. */
    private static final boolean LOADED = load();

    private KernelLibrary() {}

    /** Returns whether they can be called, and the system property llm360.kernels isn't false. */
    static boolean usable() {
        return LOADED && Boolean.parseBoolean(System.getProperty("llm360.kernels", "true"));
    }

    private static boolean load() {
        if (!Platform.isLinux() || !Platform.isIntel() || !Platform.is64Bit()) {
            logger.debug("there are no kernels for {}", Platform.RESOURCE_PREFIX);
            return false;
        }
        try {
            Map<String, ?> options =
                    Map.of(Library.OPTION_CLASSLOADER, KernelLibrary.class.getClassLoader());
            Native.register(KernelLibrary.class, NativeLibrary.getInstance("llm360", options));
            if (llm360_version() != VERSION) {
                logger.warn(
                        "another libllm360 was found first, of version {}; kernels are not used",
                        llm360_version());
                return false;
            }
            boolean supported = llm360_supported() == 1;
            logger.debug(
                    "kernels are {} by this processor", supported ? "supported" : "not supported");
            return supported;
        } catch (LinkageError e) {
            logger.warn("kernels can't be loaded, libtorch's are used instead: {}", e.toString());
            return false;
        }
    }

    private static native int llm360_version();

    private static native int llm360_supported();

    static native void llm360_bf16_rows(
            long w, long inputs, long outputs, long x, long rows, long y, long from, long to);

    static native void llm360_bf16_columns(
            long w, long inputs, long outputs, long x, long rows, long y, long from, long to);

    static native void llm360_sum(long parts, long n, long size, long y, long from, long to);

    static native void llm360_int8_rows(
            long w,
            long scales,
            long inputs,
            long outputs,
            long x,
            long xScales,
            long rows,
            long y,
            long from,
            long to);

    static native void llm360_int8_scale(
            long sums, long outputs, long xScales, long scales, long from, long to);

    static native void llm360_quantize_rows(
            int half, long w, long inputs, long q, long scales, long from, long to);

    static native void llm360_quantize_columns(
            int half, long w, long inputs, long outputs, long q, long scales, long from, long to);

    static native void llm360_attend(
            int half,
            long q,
            long count,
            long apart,
            long keys,
            long values,
            long group,
            long size,
            long capacity,
            long positions,
            float scale,
            long result,
            long resultApart,
            long from,
            long to);

    static native void llm360_norm(
            int centred,
            long x,
            long size,
            long gain,
            long bias,
            float eps,
            long y,
            long from,
            long to);

    static native void llm360_add_bias(long x, long size, long bias, long from, long to);

    static native void llm360_add(long x, long y, long size, long from, long to);

    static native void llm360_rotate(
            int pairs, long x, long heads, long size, long rotary, long cosines, long sines);

    static native void llm360_store(
            int half, long x, long heads, long size, long capacity, long position, long cache);

    static native void llm360_swiglu(long gate, long up, long from, long to);

    static native void llm360_touch(long from, long bytes);
}
