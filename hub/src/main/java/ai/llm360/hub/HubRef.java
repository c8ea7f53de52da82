package ai.llm360.hub;

/**
 * A branch or a tag of a repository.
 *
 * @param name its name, such as {@code ckpt_200}
 * @param commit the commit that it stands at, 40 hexadecimal digits
 * @param tag whether it is a tag; else it is a branch
 */
public record HubRef(String name, String commit, boolean tag) {}
