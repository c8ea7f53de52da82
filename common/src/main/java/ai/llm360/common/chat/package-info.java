/**
 * Conversations: their messages, and the texts that chat models were trained to read them as.
 *
 * <p>Nothing here loads an engine.
 */
package ai.llm360.common.chat;
