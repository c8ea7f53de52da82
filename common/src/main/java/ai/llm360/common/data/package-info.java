/**
 * Training data: documents in, rows of token ids out, in an order that a seed decides.
 *
 * <p>Start at {@link ai.llm360.common.data.TokenDataset}, which a training loop reads, with {@link
 * ai.llm360.common.data.DataOrder} for which rows each step sees. {@link
 * ai.llm360.common.data.DataPreparation} makes a data set from a recipe, {@link
 * ai.llm360.common.data.ConversationData} one of conversations. {@code docs/formats/data.md}
 * specifies the files.
 *
 * <p>What may not live here: anything that needs a running engine or an {@code NDManager}, and
 * anything that knows a model by name.
 */
package ai.llm360.common.data;
