package ai.llm360.common.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes TorchScript source text as the archive that {@code torch::jit::load} reads.
 *
 * <p>An archive is a zip of stored entries: {@code data.pkl} pickles the module object with its
 * attributes, {@code code/__torch__.py} holds its class as text, which libtorch compiles when it
 * loads the archive. The module has no parameters; they are arguments of its methods.
 */
final class TorchScriptArchive {

    private static final String CLASS = "__torch__";

    private TorchScriptArchive() {}

    /**
     * Returns an archive of a class's methods and constants.
     *
     * @param methods the class's methods, each indented by two spaces and starting with {@code def}
     * @param constants the module's attributes: {@link Integer}, {@link Double} or {@link Boolean}
     */
    static byte[] write(String methods, Map<String, ?> constants) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            put(zip, "data.pkl", pickle(constants));
            put(
                    zip,
                    "code/__torch__.py",
                    source(methods, constants).getBytes(StandardCharsets.UTF_8));
            put(zip, "constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'}); // an empty tuple
            put(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException("a zip in memory can't fail to be written", e);
        }
        return bytes.toByteArray();
    }

    private static String source(String methods, Map<String, ?> constants) {
        StringBuilder text = new StringBuilder("class Page(Module):\n");
        text.append("  __parameters__ = []\n  __buffers__ = []\n  training : bool\n");
        constants.forEach(
                (name, value) -> text.append("  %s : %s%n".formatted(name, typeOf(value))));
        return text.append(methods).toString().replace("\r\n", "\n");
    }

    private static String typeOf(Object constant) {
        if (constant instanceof Integer) {
            return "int";
        }
        if (constant instanceof Double) {
            return "float";
        }
        if (constant instanceof Boolean) {
            return "bool";
        }
        throw new IllegalArgumentException(
                "a constant of a TorchScript page is an Integer, a Double or a Boolean, not "
                        + constant);
    }

    /** Pickles, in protocol 2, one instance of the class with its attributes. */
    private static byte[] pickle(Map<String, ?> constants) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) 0x80, 2});
        out.writeBytes(("c" + CLASS + "\nPage\n").getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(new byte[] {')', (byte) 0x81, '}', '('}); // (), NEWOBJ, {}, MARK
        key(out, "training");
        out.write(0x88);
        constants.forEach(
                (name, value) -> {
                    key(out, name);
                    if (value instanceof Integer i) {
                        out.write('J');
                        out.writeBytes(little(4).putInt(i).array());
                    } else if (value instanceof Double d) {
                        out.write('G');
                        out.writeBytes(ByteBuffer.allocate(8).putDouble(d).array());
                    } else {
                        out.write(Boolean.TRUE.equals(value) ? 0x88 : 0x89);
                    }
                });
        out.writeBytes(new byte[] {'u', 'b', '.'}); // SETITEMS, BUILD, STOP
        return out.toByteArray();
    }

    private static void key(ByteArrayOutputStream out, String name) {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        out.write('X');
        out.writeBytes(little(4).putInt(utf8.length).array());
        out.writeBytes(utf8);
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry("page/" + name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        CRC32 crc = new CRC32();
        crc.update(content);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
