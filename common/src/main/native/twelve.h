/*
 * Rows of bfloat16 numbers in about 12 bits each: docs/formats/twelve-bit-bfloat16.md says how they lie. First a table
 * of 16 upper bytes, then the exceptions that each row of the matrix has room for, then blocks of 64 numbers: their
 * lower bytes, and their upper bytes' places in the table, 4 bits each.
 */
#ifndef LLM360_TWELVE_H
#define LLM360_TWELVE_H

#include "kernels.h"

#define BLOCK 64
#define HALF 32
#define BLOCK_BYTES 96
#define TABLE_BYTES 16

/* A number whose upper byte isn't in the table; unused ones, which are behind the others, are 0. At any address. */
typedef struct __attribute__((packed)) {
    uint16_t index;
    bf16 bits;
} exception;

INLINE int64_t padded(int64_t inputs) { return (inputs + BLOCK - 1) / BLOCK * BLOCK; }

/* How far a row's first block is behind its table. */
INLINE int64_t head_bytes(int64_t exceptions) { return TABLE_BYTES + exceptions * (int64_t)sizeof(exception); }

INLINE int64_t row_bytes(int64_t inputs, int64_t exceptions) {
    return head_bytes(exceptions) + padded(inputs) / BLOCK * BLOCK_BYTES;
}

/* Whether a row's k-th exception is one. A damaged row must not lead beyond the memory that is its own. */
INLINE int used(const exception *e, int64_t k, int64_t exceptions, int64_t inputs) {
    return k < exceptions && e[k].bits && e[k].index < inputs;
}

/* Both lanes hold the table, where a shuffle of bytes takes it from. */
INLINE __m256i table_of(const uint8_t *row) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)row));
}

/* The lower and upper bytes of a block's first or second 32 numbers, in the order in which they are stored. */
INLINE __m256i lower(const uint8_t *block, int second) {
    return _mm256_loadu_si256((const __m256i *)(block + HALF * second));
}

INLINE __m256i upper(const uint8_t *block, int second, __m256i table) {
    __m256i codes = _mm256_loadu_si256((const __m256i *)(block + BLOCK));
    if (second) codes = _mm256_srli_epi16(codes, 4);
    return _mm256_shuffle_epi8(table, _mm256_and_si256(codes, _mm256_set1_epi8(0x0f)));
}

/* The first or second 32 numbers of a block as four vectors of float32, in their order. */
INLINE void unpack_half(const uint8_t *block, int second, __m256i table, __m256 *v) {
    const __m256i odd = _mm256_set1_epi32(0xffff0000);
    __m256i low = lower(block, second), high = upper(block, second, table);
    __m256i a = _mm256_unpacklo_epi8(low, high), b = _mm256_unpackhi_epi8(low, high);
    v[0] = _mm256_castsi256_ps(_mm256_slli_epi32(a, 16));
    v[1] = _mm256_castsi256_ps(_mm256_and_si256(a, odd));
    v[2] = _mm256_castsi256_ps(_mm256_slli_epi32(b, 16));
    v[3] = _mm256_castsi256_ps(_mm256_and_si256(b, odd));
}

#endif
