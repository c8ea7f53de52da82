package ai.llm360.common.checkpoint;

import java.util.regex.Pattern;

/**
 * A named reason to pass over tensors that a checkpoint holds and a model doesn't use.
 *
 * @param name a short name for messages, such as {@code rotary-buffers}
 * @param pattern matches the whole tensor name
 * @param reason why nothing is lost, in a sentence
 */
public record IgnoreRule(String name, Pattern pattern, String reason) {

    /**
     * Returns whether a tensor is to be passed over.
     *
     * @param tensor the tensor's name
     * @return whether the pattern matches all of it
     */
    public boolean matches(String tensor) {
        return pattern.matcher(tensor).matches();
    }
}
