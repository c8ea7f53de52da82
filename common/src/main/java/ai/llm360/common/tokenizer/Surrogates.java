package ai.llm360.common.tokenizer;

/** Makes any Java string well-formed Unicode. */
final class Surrogates {

    private Surrogates() {}

    /**
     * Replaces each unpaired surrogate by U+FFFD: UTF-8 can't spell it, and the native libraries
     * disagree on what to do (one yields '?', the other two or three replacement characters).
     */
    static String replaceUnpaired(String text) {
        StringBuilder repaired = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
                continue;
            }
            if (repaired == null) {
                repaired = new StringBuilder(text);
            }
            repaired.setCharAt(i, '\uFFFD');
        }
        return repaired == null ? text : repaired.toString();
    }
}
