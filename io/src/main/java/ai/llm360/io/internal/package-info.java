/**
 * Files that are written whole or not at all, hashes, worker threads, and text that is safe to
 * show; it depends on nothing but Java.
 */
package ai.llm360.io.internal;
