/**
 * CPU kernels of this project's own for decoding: C, its binding, and a decoder's pass made of
 * them.
 *
 * <p>{@link ai.llm360.kernels.CpuBackend} is what models find, by {@link java.util.ServiceLoader};
 * nothing else here is public, and nothing imports this package.
 */
package ai.llm360.kernels;
