/**
 * Products of a few rows by a large matrix on this project's own CPU kernels, which read the matrix
 * as fast as memory gives it.
 *
 * <p>The package knows addresses and sizes only: no tensors, no models.
 */
package ai.llm360.common.kernel;
