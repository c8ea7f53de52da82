/**
 * Moves checkpoints: pulls them, casts them on their way, mirrors and publishes them as static
 * trees, verifies and removes them.
 *
 * <p>Start at {@link ai.llm360.zoo.transfer.Pull} to bring checkpoints here, at {@link
 * ai.llm360.zoo.transfer.RunPublisher} to make a static tree of a run, which {@code
 * docs/formats/static-tree.md} specifies.
 */
package ai.llm360.zoo.transfer;
