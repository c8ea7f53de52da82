package ai.llm360.analysis.evaluate;

/**
 * A metric's value for one document.
 *
 * @param value the value
 * @param weight the words or bytes that it counts for in weighted means; 1 in others
 */
record Score(double value, double weight) {

    static Score of(double value) {
        return new Score(value, 1);
    }

    static Score of(boolean right) {
        return of(right ? 1 : 0);
    }
}
