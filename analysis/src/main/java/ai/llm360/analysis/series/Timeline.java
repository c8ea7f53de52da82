package ai.llm360.analysis.series;

import ai.djl.ModelException;
import ai.llm360.common.generate.TextGenerator;
import ai.llm360.common.model.Batching;
import ai.llm360.common.model.LabelScores;
import ai.llm360.common.model.LabelledRow;
import ai.llm360.common.tokenizer.Tokenizer;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.Series;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Follows the probability of answers to a prompt through training.
 *
 * <p>Prompt and answer are encoded together, as one text, so a space between them belongs to one of
 * the two. The answer's tokens are those behind the last one that the prompt alone begins with,
 * too.
 */
public final class Timeline {

    private Timeline() {}

    /**
     * An answer under a checkpoint.
     *
     * @param text the answer
     * @param tokens its tokens, as the vocabulary spells them (N)
     * @param logProbability the natural logarithm of its probability, all tokens together
     * @param ranks the number of tokens that are more probable than each of its own, where those
     *     before it are given: 0 is the greedy choice (N)
     */
    public record Answer(
            String text, List<String> tokens, double logProbability, List<Integer> ranks) {

        /** {@return the answer's probability} */
        public double probability() {
            return Math.exp(logProbability);
        }
    }

    /**
     * The answers under a checkpoint.
     *
     * @param checkpoint the checkpoint's name
     * @param step its optimizer steps, where they are known
     * @param tokens the positions that it was trained on, where they are known
     * @param answers the answers, as they were asked for
     */
    public record Point(
            String checkpoint, OptionalLong step, OptionalLong tokens, List<Answer> answers) {}

    /**
     * Scores answers under each checkpoint of a series; each is loaded once.
     *
     * @param listener is told of each point as it is made
     * @return the points, first to last
     * @throws ModelException if a checkpoint can't be had or loaded
     * @throws IOException if reading fails
     * @throws IllegalArgumentException if there is no answer, an answer adds no token to the
     *     prompt, or doesn't fit the context
     * @throws IllegalStateException if a model has no tokenizer, or gives logits that aren't finite
     */
    public static List<Point> of(
            Series series,
            CheckpointModels models,
            String prompt,
            List<String> answers,
            Consumer<Point> listener)
            throws ModelException, IOException {
        List<Point> points = new ArrayList<>();
        for (CheckpointEntry one : series) {
            Point point =
                    new Point(
                            one.name(),
                            one.step(),
                            one.tokens(),
                            models.with(one, model -> score(model, prompt, answers)));
            points.add(point);
            listener.accept(point);
        }
        return points;
    }

    /**
     * Scores answers under a model.
     *
     * @return the answers' scores, in their order
     * @throws IllegalArgumentException as {@link #of} does
     */
    public static List<Answer> score(TextGenerator model, String prompt, List<String> answers) {
        if (answers.isEmpty()) {
            throw new IllegalArgumentException("there is no answer to follow");
        }
        List<LabelledRow> rows =
                answers.stream().map(answer -> row(model, prompt, answer)).toList();
        List<LabelScores> scores = model.model().score(rows, Batching.EXACT);
        Tokenizer tokenizer = model.tokenizer();
        List<Answer> scored = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            double sum = scores.get(i).sum();
            if (!Double.isFinite(sum)) {
                throw new IllegalStateException(
                        "the model gives logits that aren't finite behind '%s'".formatted(prompt));
            }
            scored.add(
                    new Answer(
                            answers.get(i),
                            LongStream.of(rows.get(i).labels()).mapToObj(tokenizer::token).toList(),
                            sum,
                            IntStream.of(scores.get(i).ranks()).boxed().toList()));
        }
        return scored;
    }

    private static LabelledRow row(TextGenerator model, String prompt, String answer) {
        long[] before = model.encodePrompt(prompt);
        long[] whole = model.encodePrompt(prompt + answer);
        int same = Arrays.mismatch(before, whole);
        int first = same < 0 ? whole.length : same;
        if (first == whole.length) {
            throw new IllegalArgumentException(
                    "the answer '%s' adds no token to the prompt '%s'".formatted(answer, prompt));
        }
        if (first == 0) {
            throw new IllegalArgumentException(
                    "the prompt '%s' and the answer '%s' begin with one token, before which there is none: give a longer prompt, or end it before a space"
                            .formatted(prompt, answer));
        }
        return LabelledRow.scoredFrom(first, whole);
    }
}
