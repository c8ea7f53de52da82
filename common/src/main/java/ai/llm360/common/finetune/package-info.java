/** Fine-tuning: adapters, the losses of chat models, and the data that they are trained on. */
package ai.llm360.common.finetune;
