package ai.llm360.common.chat;

import ai.llm360.common.chat.Message.Role;
import ai.llm360.common.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;

/**
 * A template of LLM360's, as plain code.
 *
 * @param name its name
 * @param spaced whether the tokenizer's space comes before each text behind a special token
 * @param trained whether a model was trained on it
 * @param stops where an answer ends, beside the end token
 * @param writer writes a conversation
 */
record PlainTemplate(
        String name, boolean spaced, boolean trained, List<String> stops, Writer writer)
        implements ChatTemplate {

    /** Writes a conversation. */
    interface Writer {
        void write(ChatText out, Dialogue dialogue, boolean answering);
    }

    /**
     * FastChat's Vicuna v1.1, on which AmberChat was trained with {@code legacy: false}: only the
     * conversation's first text begins with the tokenizer's space. The other of the two is for
     * tokenizers that put it behind each special token, such as Vicuna's own.
     */
    private static final List<PlainTemplate> ALL =
            List.of(
                    new PlainTemplate("vicuna", false, true, List.of(), PlainTemplate::writeVicuna),
                    new PlainTemplate(
                            "vicuna_legacy", true, true, List.of(), PlainTemplate::writeVicuna),
                    new PlainTemplate(
                            "one_shot", false, false, List.of("###"), PlainTemplate::writeOneShot),
                    new PlainTemplate(
                            "amber_safe", true, true, List.of(), PlainTemplate::writeBare),
                    new PlainTemplate(
                            "amber_safe_card",
                            false,
                            false,
                            List.of("###"),
                            PlainTemplate::writeAmberSafeCard),
                    new PlainTemplate(
                            "crystalchat",
                            true,
                            true,
                            List.of("<|im_start|>"),
                            (out, dialogue, answering) -> writeCrystal(out, dialogue, "")),
                    new PlainTemplate(
                            "crystalchat_card",
                            true,
                            false,
                            List.of("<|im_start|>"),
                            (out, dialogue, answering) -> writeCrystal(out, dialogue, " ")));

    private static final String VICUNA_SYSTEM =
            "A chat between a curious user and an artificial intelligence assistant. The assistant"
                    + " gives helpful, detailed, and polite answers to the user's questions.";

    private static final String VICUNA_JINJA =
            """
            {%- if messages[0]['role'] == 'system' -%}
            {%- set system = messages[0]['content'] -%}
            {%- set turns = messages[1:] -%}
            {%- else -%}
            {%- set system = "SYSTEM" -%}
            {%- set turns = messages -%}
            {%- endif -%}
            {{- bos_token + system + ' ' -}}
            {%- for message in turns -%}
            {%- if message['role'] != ('user' if loop.index0 % 2 == 0 else 'assistant') -%}
            {{- raise_exception('after the system message, user and assistant take turns') -}}
            {%- endif -%}
            {%- if message['role'] == 'user' -%}
            {{- 'USER: ' + message['content'] + ' ' if message['content'] else 'USER:' -}}
            {%- else -%}
            {{- 'ASSISTANT:' -}}
            {{- ' ' + message['content'] + eos_token if message['content'] else '' -}}
            {%- endif -%}
            {%- endfor -%}
            {%- if add_generation_prompt -%}
            {{- 'ASSISTANT:' -}}
            {%- endif -%}
            """
                    .replace("SYSTEM", VICUNA_SYSTEM);

    private static final String ONE_SHOT_SYSTEM =
            "A chat between a curious human and an artificial intelligence assistant. The assistant"
                    + " gives helpful, detailed, and polite answers to the human's questions.";

    /** FastChat's {@code one_shot} in conversation.py. */
    private static final String ONE_SHOT_EXAMPLE =
            """

            ### Human: Got any creative ideas for a 10 year old’s birthday?
            ### Assistant: Of course! Here are some creative ideas for a 10-year-old's birthday party:
            1. Treasure Hunt: Organize a treasure hunt in your backyard or nearby park. Create clues and riddles for the kids to solve, leading them to hidden treasures and surprises.
            2. Science Party: Plan a science-themed party where kids can engage in fun and interactive experiments. You can set up different stations with activities like making slime, erupting volcanoes, or creating simple chemical reactions.
            3. Outdoor Movie Night: Set up a backyard movie night with a projector and a large screen or white sheet. Create a cozy seating area with blankets and pillows, and serve popcorn and snacks while the kids enjoy a favorite movie under the stars.
            4. DIY Crafts Party: Arrange a craft party where kids can unleash their creativity. Provide a variety of craft supplies like beads, paints, and fabrics, and let them create their own unique masterpieces to take home as party favors.
            5. Sports Olympics: Host a mini Olympics event with various sports and games. Set up different stations for activities like sack races, relay races, basketball shooting, and obstacle courses. Give out medals or certificates to the participants.
            6. Cooking Party: Have a cooking-themed party where the kids can prepare their own mini pizzas, cupcakes, or cookies. Provide toppings, frosting, and decorating supplies, and let them get hands-on in the kitchen.
            7. Superhero Training Camp: Create a superhero-themed party where the kids can engage in fun training activities. Set up an obstacle course, have them design their own superhero capes or masks, and organize superhero-themed games and challenges.
            8. Outdoor Adventure: Plan an outdoor adventure party at a local park or nature reserve. Arrange activities like hiking, nature scavenger hunts, or a picnic with games. Encourage exploration and appreciation for the outdoors.
            Remember to tailor the activities to the birthday child's interests and preferences. Have a great celebration!
            ### \
            """;

    /** Of CrystalChat's data: 89 of 191 conversations of LLM360's sample have it. */
    private static final String CRYSTAL_SYSTEM =
            "You are CrystalCoder, a helpful and intelligent assistant. Follow the instructions and"
                    + " answer the questions as accurately as possible.";

    static PlainTemplate named(String name) {
        return ALL.stream()
                .filter(template -> template.name.equals(name.replace('-', '_')))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "no template '%s': there are %s".formatted(name, names())));
    }

    static List<String> names() {
        return ALL.stream().map(PlainTemplate::name).toList();
    }

    boolean isVicuna() {
        return name.startsWith("vicuna");
    }

    @Override
    public String render(List<Message> messages, boolean answering) {
        return write(messages, answering).render();
    }

    @Override
    public long[] prompt(Tokenizer tokenizer, List<Message> messages) {
        return write(messages, true).encode(tokenizer).ids();
    }

    @Override
    public LabelledIds encode(Tokenizer tokenizer, List<Message> messages) {
        return trained
                ? write(messages, false).encode(tokenizer)
                : ChatTemplate.super.encode(tokenizer, messages);
    }

    @Override
    public Optional<String> jinja() {
        return isVicuna() ? Optional.of(VICUNA_JINJA) : Optional.empty();
    }

    @Override
    public boolean isLegacy() {
        return spaced;
    }

    private ChatText write(List<Message> messages, boolean answering) {
        ChatText out = new ChatText(name, spaced);
        writer.write(out, Dialogue.of(name, messages, answering), answering);
        return out;
    }

    // An empty message has neither a space nor an end (get_prompt in FastChat's conversation.py).
    private static void writeVicuna(ChatText out, Dialogue dialogue, boolean answering) {
        dialogue.startWithQuestion();
        out.begin().read(dialogue.system().orElse(VICUNA_SYSTEM) + " ");
        for (Message message : dialogue.turns()) {
            String text = message.text();
            if (message.role() == Role.USER) {
                out.read(text.isEmpty() ? "USER:" : "USER: " + text + " ");
            } else {
                out.read("ASSISTANT:");
                if (!text.isEmpty()) {
                    out.learn(" " + text).special(ChatText.EOS, true);
                }
            }
        }
        out.read(answering ? "ASSISTANT:" : "");
    }

    private static void writeOneShot(ChatText out, Dialogue dialogue, boolean answering) {
        dialogue.startWithQuestion();
        out.begin().read(dialogue.system().orElse(ONE_SHOT_SYSTEM)).read(ONE_SHOT_EXAMPLE);
        for (Message message : dialogue.turns()) {
            String speaker = message.role() == Role.USER ? "Human:" : "Assistant:";
            String text = message.text();
            out.read(text.isEmpty() ? speaker : speaker + " " + text + "\n### ");
        }
        out.read(answering ? "Assistant:" : "");
    }

    // Prompt and answer as they are, each encoded alone (tokenize_batch_element in the reference
    // implementation of DPO, preference_datasets.py).
    private static void writeBare(ChatText out, Dialogue dialogue, boolean answering) {
        dialogue.startWithQuestion();
        dialogue.refuseSystem();
        dialogue.atMost(answering ? 1 : 2);
        for (Message message : dialogue.turns()) {
            if (message.role() == Role.USER) {
                out.read(message.text()).apart();
            } else {
                out.learn(message.text()).special(ChatText.EOS, true);
            }
        }
    }

    // The card has one turn; those before it are ours.
    private static void writeAmberSafeCard(ChatText out, Dialogue dialogue, boolean answering) {
        dialogue.startWithQuestion();
        dialogue.refuseSystem();
        out.begin();
        for (Message message : dialogue.turns()) {
            String speaker = message.role() == Role.USER ? "###Human: " : "###Assistant: ";
            out.read(speaker + message.text() + "\n");
        }
        out.read(answering ? "###Assistant:" : "");
    }

    // A document without questions is learned whole, with its beginning token.
    private static void writeCrystal(ChatText out, Dialogue dialogue, String space) {
        boolean document = dialogue.isDocument();
        out.special(ChatText.BOS, document);
        if (!document) {
            out.special("<|sys_start|>", false)
                    .read(space + dialogue.system().orElse(CRYSTAL_SYSTEM) + space)
                    .special("<|sys_end|>", false);
        }
        for (Message message : dialogue.turns()) {
            if (message.role() == Role.USER) {
                out.special("<|im_start|>", false)
                        .read(space + message.text() + space)
                        .special("<|im_end|>", false);
            } else {
                out.learn(space + message.text());
            }
        }
        if (dialogue.isAnswered()) {
            out.special(ChatText.EOS, true);
        }
    }
}
