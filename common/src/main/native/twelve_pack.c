/* Bfloat16 matrices to packed rows, and back. */
#include "twelve.h"

#define BYTES 256
/* Histograms of a row, in turn, since one alone would wait for itself where bytes follow their like. */
#define TURNS 4
/* Elements lie at any address, so they are read as bytes. */
#define UPPER(w, i) ((w)[2 * (i) + 1])

/* How often each upper byte is in a row. */
INLINE void count(const uint8_t *w, int64_t inputs, uint32_t *all) {
    uint32_t counts[TURNS][BYTES];
    int64_t i = 0;
    for (int t = 0; t < TURNS; t++)
        for (int b = 0; b < BYTES; b++) counts[t][b] = 0;
    for (; i + TURNS <= inputs; i += TURNS)
        for (int t = 0; t < TURNS; t++) counts[t][UPPER(w, i + t)]++;
    for (; i < inputs; i++) counts[0][UPPER(w, i)]++;
    for (int b = 0; b < BYTES; b++) all[b] = counts[0][b] + counts[1][b] + counts[2][b] + counts[3][b];
}

/*
 * Chooses a row's table: 0, and the 15 most frequent of the other upper bytes, the smaller one of two as frequent, in
 * ascending order; zeros, where there are no more. Returns how many numbers aren't covered.
 */
static int64_t choose(const uint8_t *w, int64_t inputs, uint8_t *table) {
    uint32_t counts[BYTES], keys[BYTES];
    int64_t missed = inputs;
    count(w, inputs, counts);
    /* Of two as frequent, the smaller byte has the larger key. */
    for (uint32_t b = 0; b < BYTES; b++) keys[b] = counts[b] * BYTES + BYTES - 1 - b;
    keys[0] = 0;
    for (int c = 1; c < TABLE_BYTES; c++) {
        uint32_t most = 0;
        for (int b = 0; b < BYTES; b++) most = keys[b] > most ? keys[b] : most;
        keys[BYTES - 1 - most % BYTES] = 0;
    }
    /* What was chosen has no key now. */
    int c = 0;
    for (int b = 0; b < BYTES; b++) {
        if (keys[b] || (b && !counts[b])) continue;
        table[c++] = (uint8_t)b;
        missed -= counts[b];
    }
    while (c < TABLE_BYTES) table[c++] = 0;
    return missed;
}

/* Separates 32 numbers into lower and upper bytes, in the order in which they are stored. */
INLINE void separate(const uint8_t *w, __m256i *low, __m256i *high) {
    const __m256i mask = _mm256_set1_epi16(0xff);
    __m256i v[4];
    for (int k = 0; k < 4; k++) v[k] = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(w + 16 * k)));
    __m256i a = _mm256_or_si256(v[0], _mm256_slli_epi32(v[1], 16));
    __m256i b = _mm256_or_si256(v[2], _mm256_slli_epi32(v[3], 16));
    *low = _mm256_packus_epi16(_mm256_and_si256(a, mask), _mm256_and_si256(b, mask));
    *high = _mm256_packus_epi16(_mm256_srli_epi16(a, 8), _mm256_srli_epi16(b, 8));
}

/* Packs a block of 64 numbers; returns whether it has exceptions. */
INLINE int pack_block(const uint8_t *w, const uint8_t *table, uint8_t *block) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i codes[2];
    int exceptions = 0;
    for (int second = 0; second < 2; second++) {
        __m256i low, high, code = zero;
        separate(w + 2 * HALF * second, &low, &high);
        __m256i known = _mm256_cmpeq_epi8(high, zero);
        /* Entries that are not used are 0, which stays with the first. */
        for (int c = 1; c < TABLE_BYTES && table[c]; c++) {
            __m256i equal = _mm256_cmpeq_epi8(high, _mm256_set1_epi8((char)table[c]));
            known = _mm256_or_si256(known, equal);
            code = _mm256_or_si256(code, _mm256_and_si256(equal, _mm256_set1_epi8((char)c)));
        }
        _mm256_storeu_si256((__m256i *)(block + HALF * second), _mm256_and_si256(low, known));
        codes[second] = code;
        exceptions |= ~_mm256_movemask_epi8(known);
    }
    _mm256_storeu_si256((__m256i *)(block + BLOCK), _mm256_or_si256(codes[0], _mm256_slli_epi16(codes[1], 4)));
    return exceptions;
}

INLINE int contains(const uint8_t *table, uint8_t byte) {
    int found = 0;
    for (int c = 0; c < TABLE_BYTES; c++) found |= table[c] == byte;
    return found;
}

/* Appends a block's exceptions, of numbers from i to end, to the k that there are; returns how many there are then. */
static int64_t except(const uint8_t *w, int64_t i, int64_t end, const uint8_t *table, exception *to, int64_t k,
                      int64_t room) {
    for (; i < end; i++) {
        if (contains(table, UPPER(w, i))) continue;
        if (k < room) to[k] = (exception){(uint16_t)i, (bf16)(w[2 * i] | UPPER(w, i) << 8)};
        k++;
    }
    return k;
}

/* Packs a row; returns how many exceptions it has, of which no more than there is room for are written. */
static int64_t pack_row(const uint8_t *w, int64_t inputs, int64_t room, uint8_t *row) {
    uint8_t last[2 * BLOCK], table[TABLE_BYTES];
    exception *to = (exception *)(row + TABLE_BYTES);
    uint8_t *block = row + head_bytes(room);
    int64_t i = 0, k = 0;
    choose(w, inputs, table);
    for (int c = 0; c < TABLE_BYTES; c++) row[c] = table[c];
    for (; i + BLOCK <= inputs; i += BLOCK, block += BLOCK_BYTES)
        if (pack_block(w + 2 * i, table, block)) k = except(w, i, i + BLOCK, table, to, k, room);
    if (i < inputs) {
        for (int b = 0; b < 2 * BLOCK; b++) last[b] = b < 2 * (inputs - i) ? w[2 * i + b] : 0;
        if (pack_block(last, table, block)) k = except(w, i, inputs, table, to, k, room);
    }
    for (int64_t e = k; e < room; e++) to[e] = (exception){0, 0};
    return k;
}

/* The most exceptions that one of rows [from, to) of a bfloat16 matrix (O, I) has. */
EXPORT int64_t llm360_twelve_exceptions(const uint8_t *w, int64_t inputs, int64_t from, int64_t to) {
    uint8_t table[TABLE_BYTES];
    int64_t most = 0;
    for (int64_t o = from; o < to; o++) {
        int64_t count = choose(w + 2 * o * inputs, inputs, table);
        most = count > most ? count : most;
    }
    return most;
}

/*
 * Packs rows [from, to) of a bfloat16 matrix (O, I), with room for so many exceptions each. Returns the most that one
 * has: if that is more, rows aren't whole.
 */
EXPORT int64_t llm360_twelve_pack(const uint8_t *w, int64_t inputs, int64_t exceptions, uint8_t *rows, int64_t from,
                                  int64_t to) {
    int64_t most = 0;
    for (int64_t o = from; o < to; o++) {
        int64_t count =
            pack_row(w + 2 * o * inputs, inputs, exceptions, rows + o * row_bytes(inputs, exceptions));
        most = count > most ? count : most;
    }
    return most;
}

/* Unpacks the first or second 32 numbers of a block to bfloat16. */
INLINE void store_half(const uint8_t *block, int second, __m256i table, uint8_t *w) {
    __m256i low = lower(block, second), high = upper(block, second, table);
    __m256i pairs[2] = {_mm256_unpacklo_epi8(low, high), _mm256_unpackhi_epi8(low, high)};
    for (int k = 0; k < 2; k++) {
        __m256i even = _mm256_and_si256(pairs[k], _mm256_set1_epi32(0xffff)), odd = _mm256_srli_epi32(pairs[k], 16);
        __m256i v = _mm256_permute4x64_epi64(_mm256_packus_epi32(even, odd), 0xd8);
        _mm256_storeu_si256((__m256i *)(w + 32 * k), v);
    }
}

INLINE void unpack_row(const uint8_t *row, int64_t inputs, int64_t exceptions, uint8_t *w) {
    const __m256i table = table_of(row);
    const exception *e = (const exception *)(row + TABLE_BYTES);
    const uint8_t *block = row + head_bytes(exceptions);
    uint8_t last[2 * BLOCK];
    for (int64_t i = 0; i < inputs; i += BLOCK, block += BLOCK_BYTES) {
        uint8_t *to = i + BLOCK <= inputs ? w + 2 * i : last;
        for (int second = 0; second < 2; second++) store_half(block, second, table, to + 2 * HALF * second);
        if (to == last)
            for (int64_t b = 0; b < 2 * (inputs - i); b++) w[2 * i + b] = last[b];
    }
    for (int64_t k = 0; used(e, k, exceptions, inputs); k++) {
        w[2 * e[k].index] = (uint8_t)e[k].bits;
        w[2 * e[k].index + 1] = (uint8_t)(e[k].bits >> 8);
    }
}

/* Unpacks rows [from, to) to bfloat16 (O, I). */
EXPORT void llm360_twelve_unpack(const uint8_t *rows, int64_t inputs, int64_t exceptions, uint8_t *w, int64_t from,
                                 int64_t to) {
    for (int64_t o = from; o < to; o++)
        unpack_row(rows + o * row_bytes(inputs, exceptions), inputs, exceptions, w + 2 * o * inputs);
}

/* Turns 8 x 8 numbers; rows are so many bytes apart. */
INLINE void turn(const uint8_t *w, int64_t apart, uint8_t *turned, int64_t turned_apart) {
    __m128i a[8], b[8];
    for (int k = 0; k < 8; k++) a[k] = _mm_loadu_si128((const __m128i *)(w + k * apart));
    for (int round = 0; round < 3; round++) {
        for (int k = 0; k < 4; k++) {
            b[2 * k] = _mm_unpacklo_epi16(a[k], a[k + 4]);
            b[2 * k + 1] = _mm_unpackhi_epi16(a[k], a[k + 4]);
        }
        for (int k = 0; k < 8; k++) a[k] = b[k];
    }
    for (int k = 0; k < 8; k++) _mm_storeu_si128((__m128i *)(turned + k * turned_apart), a[k]);
}

/* Numbers that are turned together: a cache line. */
#define LINE 32

/*
 * Turns a matrix of numbers: turned[c][r] = w[r][c]. Rows of w are so many numbers apart, and those of the result so
 * many others. A cache line of the result is written at a time.
 */
EXPORT void llm360_twelve_turn(const uint8_t *w, int64_t rows, int64_t columns, int64_t apart, uint8_t *turned,
                               int64_t turned_apart) {
    for (int64_t r = 0; r < rows; r += LINE) {
        int64_t deep = rows - r < LINE ? rows - r : LINE;
        for (int64_t c = 0; c < columns; c += VECTOR) {
            const uint8_t *from = w + 2 * (r * apart + c);
            uint8_t *to = turned + 2 * (c * turned_apart + r);
            int64_t wide = columns - c < VECTOR ? columns - c : VECTOR, k = 0;
            if (c % LINE == 0)
                for (int64_t j = 0; j < deep; j++)
                    _mm_prefetch((const char *)from + 2 * (j + LINE) * apart, _MM_HINT_T0);
            if (wide == VECTOR)
                for (; k + VECTOR <= deep; k += VECTOR)
                    turn(from + 2 * k * apart, 2 * apart, to + 2 * k, 2 * turned_apart);
            for (; k < deep; k++)
                for (int64_t j = 0; j < 2 * wide; j++)
                    to[2 * (j / 2 * turned_apart + k) + j % 2] = from[2 * k * apart + j];
        }
    }
}
