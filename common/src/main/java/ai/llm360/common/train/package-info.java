/**
 * The training loop, its losses and updates. Entry class: {@link
 * ai.llm360.common.train.TrainingLoop}, configured by {@link
 * ai.llm360.common.train.TrainingConfig}. It knows no model by name and no format of files: data
 * come from {@code common.data}, what is kept goes to {@code common.run}, the mathematics is {@code
 * common.model}'s.
 */
package ai.llm360.common.train;
