package ai.llm360.common.config;

/**
 * A configuration that can't be used. Its message names the key at fault by its full path, what was
 * given and what was expected.
 */
public final class ConfigException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param problem the key, what was given, and what was expected
     */
    public ConfigException(String problem) {
        super(problem);
    }

    /** Creates an exception with the failure that revealed it. */
    public ConfigException(String problem, Throwable cause) {
        super(problem, cause);
    }
}
