package ai.llm360.analysis.task;

/**
 * Takes back WikiText's tokenization, in the harness' steps and their order. The last steps see
 * what the first have made.
 */
final class WikitextDetokenizer {

    private WikitextDetokenizer() {}

    static String apply(String page) {
        String text =
                page.replace("s '", "s'")
                        // The harness means contractions of numbers, and matches literal slashes.
                        .replaceAll("/' [0-9]/", "/'[0-9]/")
                        .replace(" @-@ ", "-")
                        .replace(" @,@ ", ",")
                        .replace(" @.@ ", ".")
                        .replace(" : ", ": ")
                        .replace(" ; ", "; ")
                        .replace(" . ", ". ")
                        .replace(" ! ", "! ")
                        .replace(" ? ", "? ")
                        .replace(" , ", ", ");
        text = tighten(text, '(', ')');
        text = tighten(text, '[', ']');
        text = tighten(text, '{', '}');
        text = tighten(text, '"', '"');
        text = tighten(text, '\'', '\'');
        return text.replace("= = = =", "====")
                .replace("= = =", "===")
                .replace("= =", "==")
                .replace(" \u00b0 ", "\u00b0")
                .replace(" \n", "\n")
                .replace("\n ", "\n")
                .replace(" N ", " 1 ")
                .replace(" 's", "'s");
    }

    /**
     * Strips what stands between a mark and the next closing one, from left to right: what {@code
     * \(\s*([^\)]*?)\s*\)} matches, in linear time.
     */
    private static String tighten(String text, char open, char close) {
        StringBuilder out = new StringBuilder(text.length());
        int done = 0;
        for (int start = text.indexOf(open); start >= 0; start = text.indexOf(open, done)) {
            int end = text.indexOf(close, start + 1);
            if (end < 0) {
                break;
            }
            out.append(text, done, start + 1)
                    .append(PythonText.strip(text.substring(start + 1, end)))
                    .append(close);
            done = end + 1;
        }
        return out.append(text, done, text.length()).toString();
    }
}
