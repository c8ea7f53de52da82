/**
 * Static trees: checkpoints that any web server, or a directory, gives to DJL, to this library and
 * to the Hub's clients by name. {@code docs/formats/static-tree.md} states the format.
 *
 * <p>Start at {@link ai.llm360.zoo.tree.StaticTree} to read one, at {@link
 * ai.llm360.zoo.tree.RunPublisher} to make one of a training run, at {@link
 * ai.llm360.zoo.tree.HubMirror} to make one of a part of the Hub. Nothing here knows a published
 * model by name.
 */
package ai.llm360.zoo.tree;
