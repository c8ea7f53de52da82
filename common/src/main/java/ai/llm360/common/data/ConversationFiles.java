package ai.llm360.common.data;

import ai.llm360.common.chat.Conversation;
import ai.llm360.common.chat.ConversationFormat;
import ai.llm360.common.chat.Preference;
import ai.llm360.common.chat.PreferenceFormat;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/**
 * Reads files of conversations, and of answers of which one was preferred: a JSON object a line, or
 * one list of objects, plain or gzip, one object at a time. Where no format is given, the fields of
 * a file's first object say which it is.
 */
public final class ConversationFiles {

    private ConversationFiles() {}

    /**
     * Takes what is read.
     *
     * @param <T> a conversation or a preference
     */
    public interface Sink<T> {

        /**
         * Takes the next one.
         *
         * @param next what was read
         * @throws IOException to end the reading
         */
        void accept(T next) throws IOException;
    }

    /**
     * Reads a file of conversations.
     *
     * @param file the file
     * @param format its format, or empty to go by its fields
     * @param sink takes the conversations in their order
     * @throws DataException if the file, or a record of it, isn't what it should be; the message
     *     names file, line (or number in the list) and field
     * @throws IOException if the sink throws it, or reading fails
     */
    public static void conversations(
            Path file, Optional<ConversationFormat> format, Sink<Conversation> sink)
            throws IOException {
        read(
                file,
                format,
                ConversationFormat::of,
                (known, number, record) -> Optional.of(known.read(record, number)),
                sink);
    }

    /**
     * Reads a file of preferences.
     *
     * @param file the file
     * @param format its format, or empty to go by its fields
     * @param sink takes the pairs in their order, but for those that the format's rule leaves out
     * @throws DataException as {@link #conversations} does
     * @throws IOException if the sink throws it, or reading fails
     */
    public static void preferences(
            Path file, Optional<PreferenceFormat> format, Sink<Preference> sink)
            throws IOException {
        read(
                file,
                format,
                PreferenceFormat::of,
                (known, number, record) -> known.read(record),
                sink);
    }

    private interface Form<F, T> {
        Optional<T> read(F format, long number, JsonObject record);
    }

    private static <F, T> void read(
            Path file,
            Optional<F> format,
            Function<JsonObject, F> guess,
            Form<F, T> form,
            Sink<T> sink)
            throws IOException {
        JsonRecords.read(
                file,
                new JsonRecords.Sink() {
                    private Optional<F> known = format;

                    @Override
                    public void accept(Path at, long number, JsonObject record) throws IOException {
                        Optional<T> next;
                        try {
                            if (known.isEmpty()) {
                                known = Optional.of(guess.apply(record));
                            }
                            next = form.read(known.get(), number, record);
                        } catch (IllegalArgumentException e) {
                            throw new DataException(at, e.getMessage(), e);
                        }
                        if (next.isPresent()) {
                            sink.accept(next.get());
                        }
                    }
                });
    }
}
