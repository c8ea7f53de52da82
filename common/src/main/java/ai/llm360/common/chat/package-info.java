/**
 * Conversations: their messages, the texts that chat models were trained to read them as, and what
 * of these is learned.
 *
 * <p>Start at {@link ai.llm360.common.chat.ChatTemplate}. {@link
 * ai.llm360.common.chat.ConversationFormat} reads a record of a file, {@link
 * ai.llm360.common.chat.ChatMask} encodes a conversation with labels, and {@link
 * ai.llm360.common.chat.PreferenceRule} a pair of answers. {@link
 * ai.llm360.common.data.ConversationData} makes rows of whole files. {@code docs/finetuning.md}
 * describes the rules.
 *
 * <p>Nothing here loads an engine or reads files.
 */
package ai.llm360.common.chat;
