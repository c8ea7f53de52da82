package ai.llm360.common.data;

import ai.llm360.common.chat.Packing;
import java.util.Map;

/** The rules by which rows are made of files: of conversations, or of preferences. */
public sealed interface ChatRules permits ConversationRules, PreferenceRules {

    /**
     * {@return the name of what is made: {@code conversations}, {@code preferences} (rows 2i and
     * 2i+1 are a pair), or {@code targets} (the chosen answers alone)}
     */
    String kind();

    /** {@return the rules by name, for the data set's record} */
    Map<String, String> describe();

    /** {@return the way in which texts are put into rows} */
    default Packing packing() {
        return Packing.NONE;
    }
}
