package ai.llm360.common.tokenizer;

/**
 * Decides a text's ids. Immutable.
 *
 * @param added tokens that are looked for in the text as it is
 * @param normalized tokens that are looked for in the normalized text
 * @param form how the text between them becomes symbols
 */
record EncodingRules(AddedTokens added, AddedTokens normalized, TextForm form, MergeTable table) {

    /** Returns the rules for text in which no token is looked for. */
    EncodingRules withoutTokens() {
        return new EncodingRules(AddedTokens.NONE, AddedTokens.NONE, form, table);
    }

    /** Returns the rules for text that stands behind other tokens: no space is put before it. */
    EncodingRules withoutPrefix() {
        return new EncodingRules(added, normalized, form.withoutPrefix(), table);
    }

    /**
     * Returns whether each byte of a text is spelled by the token that takes it, so that a text
     * can't have fewer tokens than its bytes divided by the longest token's.
     */
    boolean spellsEveryByte() {
        return table.spellsEverything()
                && !form.collapses()
                && !added.strip()
                && !normalized.strip();
    }
}
