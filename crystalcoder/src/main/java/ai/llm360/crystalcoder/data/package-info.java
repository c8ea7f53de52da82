/**
 * CrystalCoder's published training data: HDF5 files of token rows, read and written.
 *
 * <p>Start at {@link ai.llm360.crystalcoder.data.CrystalHdf5}; a data recipe's source reads such
 * files by {@code format: crystal_hdf5}. {@code docs/formats/data.md} specifies them.
 *
 * <p>What may not live here: anything that knows the model. It is the one package that knows jHDF.
 */
package ai.llm360.crystalcoder.data;
