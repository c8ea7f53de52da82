package ai.llm360.common.data;

import ai.llm360.common.chat.Conversation;
import ai.llm360.common.chat.Message;
import ai.llm360.common.chat.Message.Role;
import ai.llm360.common.data.DataManifest.Input;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The questions that a {@link QuestionRecipe} finds in its sources, and the conversations that are
 * made of them. Whole documents are held out, in all their phrasings.
 */
final class Questions {

    /** A document's question in several phrasings, and its answer. */
    private record Topic(List<String> questions, String answer) {

        private void addTo(List<Message> messages, int phrasing) {
            messages.add(new Message(Role.USER, questions.get(phrasing % questions.size())));
            messages.add(new Message(Role.ASSISTANT, answer));
        }
    }

    private final QuestionRecipe recipe;
    private final List<Input> inputs = new ArrayList<>();
    private final Map<String, Topic> documents = new LinkedHashMap<>();
    private final List<Topic> always = new ArrayList<>();

    private Questions(QuestionRecipe recipe) {
        this.recipe = recipe;
    }

    /**
     * Reads the sources.
     *
     * @throws DataException if one can't be read, or its pattern matches nowhere
     */
    static Questions read(
            QuestionRecipe recipe, Path base, Optional<MavenArtifact.Downloads> downloads)
            throws IOException {
        Questions questions = new Questions(recipe);
        for (QuestionRecipe.Source source : recipe.sources()) {
            if (source.hasFiles()) {
                questions.read(source, SourceInput.find(source.documents(), base, downloads));
            } else {
                source.questions().forEach(one -> questions.addAlways(one, source.answer()));
            }
        }
        return questions;
    }

    private void addAlways(String question, String answer) {
        always.add(new Topic(List.of(question), answer));
    }

    private void read(QuestionRecipe.Source source, SourceInput input) throws IOException {
        inputs.addAll(input.inputs());
        Pattern pattern = Pattern.compile(source.pattern().orElseThrow());
        int before = documents.size();
        for (Path file : input.files()) {
            new DocumentReader(input.source())
                    .read(
                            file,
                            part -> {
                                Matcher place = pattern.matcher(part);
                                while (place.find()) {
                                    add(source, place, part);
                                }
                            });
        }
        if (documents.size() == before) {
            throw new DataException(
                    input.files().get(0),
                    "source '%s': the pattern matches nowhere, or only what earlier sources ask"
                            .formatted(source.name()));
        }
    }

    private void add(QuestionRecipe.Source source, Matcher place, String part) {
        List<String> phrasings =
                source.questions().stream().map(text -> filled(text, place, part)).toList();
        documents.putIfAbsent(
                phrasings.get(0), new Topic(phrasings, filled(source.answer(), place, part)));
    }

    private static String filled(String text, Matcher place, String part) {
        Matcher again = place.pattern().matcher(part);
        if (!again.find(place.start())) {
            throw new IllegalStateException("a pattern matches once and not again");
        }
        StringBuilder filled = new StringBuilder();
        again.appendReplacement(filled, text); // behind what precedes the place
        return filled.substring(place.start());
    }

    /**
     * Makes conversations of what isn't held out, by a seed.
     *
     * @param heldOut the fraction of documents that is held out
     */
    List<Conversation> training(double heldOut, long seed) {
        List<Topic> topics = new ArrayList<>(split(heldOut, seed, false));
        topics.addAll(always);
        NumpyRandom random = new NumpyRandom(seed);
        List<Conversation> conversations = new ArrayList<>();
        for (int round = 0; round < recipe.rounds(); round++) {
            conversations.addAll(conversations(topics, random));
        }
        return conversations;
    }

    /** Makes conversations of what is held out: each document once. */
    List<Conversation> heldOut(double heldOut, long seed) {
        return conversations(split(heldOut, seed, true), new NumpyRandom(seed));
    }

    private List<Topic> split(double heldOut, long seed, boolean held) {
        List<Topic> all = List.copyOf(documents.values());
        int[] order = new NumpyRandom(seed).permutation(all.size());
        int count = (int) Math.round(heldOut * all.size());
        return Arrays.stream(order)
                .skip(held ? 0 : count)
                .limit(held ? count : all.size() - count)
                .mapToObj(all::get)
                .toList();
    }

    /** Puts topics into a random order, in random phrasings. */
    private List<Conversation> conversations(List<Topic> topics, NumpyRandom random) {
        List<Conversation> conversations = new ArrayList<>();
        int[] order = random.permutation(topics.size());
        int[] phrasings = random.permutation(topics.size());
        for (int from = 0; from < order.length; from += recipe.turns()) {
            List<Message> messages = new ArrayList<>();
            for (int i = from; i < Math.min(order.length, from + recipe.turns()); i++) {
                topics.get(order[i]).addTo(messages, phrasings[i]);
            }
            conversations.add(new Conversation(Integer.toString(from), messages));
        }
        return conversations;
    }

    /** {@return the files that were read} */
    List<Input> inputs() {
        return inputs;
    }
}
