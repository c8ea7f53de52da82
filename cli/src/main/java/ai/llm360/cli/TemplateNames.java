package ai.llm360.cli;

import ai.llm360.common.chat.ChatTemplate;
import java.util.Iterator;

/** The names of LLM360's chat templates, for help and completion. */
final class TemplateNames implements Iterable<String> {

    TemplateNames() {}

    @Override
    public Iterator<String> iterator() {
        return ChatTemplate.names().iterator();
    }
}
