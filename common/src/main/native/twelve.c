/* Products of float32 rows by matrices of packed bfloat16 rows. */
#include "twelve.h"

/* How many bytes before they are needed a product asks for them; a block may touch two cache lines. */
#define AHEAD 256

/* What a row's blocks leave to its exceptions, which are added in their order. */
INLINE float with_exceptions(__m256 sums, const uint8_t *row, int64_t exceptions, int64_t inputs, const float *x) {
    const exception *e = (const exception *)(row + TABLE_BYTES);
    float sum = sum8(sums);
    for (int64_t k = 0; used(e, k, exceptions, inputs); k++)
        sum = __builtin_fmaf(load1(e[k].bits), x[e[k].index], sum);
    return sum;
}

/* What a product is of. */
typedef struct {
    const uint8_t *w;
    int64_t inputs, outputs, exceptions, row; /* the bytes of a row */
    const float *x;
    float *y;
} product;

/* A tile of W outputs from o, every step-th, by R rows; W and R are constants where this is inlined. */
INLINE void twelve_tile(int W, int R, const product *p, int64_t o, int64_t step) {
    const uint8_t *row = p->w + o * p->row, *block = row + head_bytes(p->exceptions);
    const int64_t apart = step * p->row, end = padded(p->inputs);
    __m256 sums[4][ROWS];
    __m256i tables[4];
    for (int k = 0; k < W; k++) {
        tables[k] = table_of(row + k * apart);
        for (int j = 0; j < R; j++) sums[k][j] = _mm256_setzero_ps();
    }
    for (int64_t i = 0; i < end; i += BLOCK, block += BLOCK_BYTES) {
        /* A fifth faster than by whole blocks, where a sum waits for itself eight times before the next goes on. */
        for (int second = 0; second < 2; second++) {
            for (int k = 0; k < W; k++) {
                const uint8_t *b = block + k * apart;
                __m256 v[4];
                _mm_prefetch((const char *)b + AHEAD + 64 * second, _MM_HINT_T0);
                unpack_half(b, second, tables[k], v);
                for (int c = 0; c < 4; c++)
                    for (int j = 0; j < R; j++)
                        sums[k][j] = _mm256_fmadd_ps(
                            v[c], _mm256_loadu_ps(p->x + j * end + i + second * HALF + c * VECTOR), sums[k][j]);
            }
        }
    }
    for (int k = 0; k < W; k++)
        for (int j = 0; j < R; j++)
            p->y[j * p->outputs + o + k * step] =
                with_exceptions(sums[k][j], row + k * apart, p->exceptions, p->inputs, p->x + j * end);
}

INLINE void twelve_band(int W, const product *p, int64_t o, int64_t rows) {
    switch (rows) {
        case 1: twelve_tile(W, 1, p, o, 1); break;
        case 2: twelve_tile(W, 2, p, o, 1); break;
        case 3: twelve_tile(W, 3, p, o, 1); break;
        default: twelve_tile(W, 4, p, o, 1);
    }
}

/*
 * Many rows: a tile of outputs is unpacked to float32 by chunks of inputs (32 kB) while a group of rows passes, three at
 * a time. All eight lanes of the sums (64 kB) wait in the L2 cache for the next chunk, so that they are taken in the
 * order of a row alone. Wider tiles read rows less often, from caches that are not this processor's alone.
 */
#define TALL 32
#define CHUNK 256
#define GROUP 64

INLINE void unpack_chunk(const uint8_t *row, const uint8_t *block, int64_t count, float *to) {
    const __m256i table = table_of(row);
    for (int64_t i = 0; i < count; i += BLOCK, block += BLOCK_BYTES, to += BLOCK) {
        _mm_prefetch((const char *)block + CHUNK / BLOCK * BLOCK_BYTES, _MM_HINT_T0);
        _mm_prefetch((const char *)block + CHUNK / BLOCK * BLOCK_BYTES + 64, _MM_HINT_T0);
        for (int second = 0; second < 2; second++) {
            __m256 v[4];
            unpack_half(block, second, table, v);
            for (int c = 0; c < 4; c++) _mm256_storeu_ps(to + second * HALF + c * VECTOR, v[c]);
        }
    }
}

/* Adds a chunk of W outputs by R rows to their sums; W and R are constants where this is inlined. */
INLINE void add_chunk(int W, int R, const float *w, const float *x, int64_t stride, int64_t count, __m256 *sums) {
    __m256 s[3][4];
    for (int j = 0; j < R; j++)
        for (int k = 0; k < W; k++) s[j][k] = sums[j * TALL + k];
    for (int64_t i = 0; i < count; i += VECTOR) {
        __m256 v[3];
        for (int j = 0; j < R; j++) v[j] = _mm256_loadu_ps(x + j * stride + i);
        for (int k = 0; k < W; k++) {
            __m256 u = _mm256_loadu_ps(w + k * CHUNK + i);
            for (int j = 0; j < R; j++) s[j][k] = _mm256_fmadd_ps(u, v[j], s[j][k]);
        }
    }
    for (int j = 0; j < R; j++)
        for (int k = 0; k < W; k++) sums[j * TALL + k] = s[j][k];
}

INLINE void add_chunks(int R, const float *w, const float *x, int64_t stride, int64_t count, int64_t tall,
                       __m256 *sums) {
    int64_t k = 0;
    for (; k + 4 <= tall; k += 4) add_chunk(4, R, w + k * CHUNK, x, stride, count, sums + k);
    for (; k < tall; k++) add_chunk(1, R, w + k * CHUNK, x, stride, count, sums + k);
}

/* Outputs [o, o + tall) of rows [r, r + rows). */
static void twelve_block(const product *p, int64_t o, int64_t tall, int64_t r, int64_t rows) {
    float w[TALL * CHUNK];
    __m256 sums[GROUP * TALL];
    const uint8_t *row = p->w + o * p->row, *block = row + head_bytes(p->exceptions);
    const int64_t end = padded(p->inputs);
    const float *x = p->x + r * end;
    for (int64_t k = 0; k < rows * TALL; k++) sums[k] = _mm256_setzero_ps();
    for (int64_t i = 0; i < end; i += CHUNK, block += CHUNK / BLOCK * BLOCK_BYTES) {
        int64_t count = end - i < CHUNK ? end - i : CHUNK, j = 0;
        for (int64_t k = 0; k < tall; k++) unpack_chunk(row + k * p->row, block + k * p->row, count, w + k * CHUNK);
        for (; j + 3 <= rows; j += 3) add_chunks(3, w, x + j * end + i, end, count, tall, sums + j * TALL);
        if (rows - j == 2) add_chunks(2, w, x + j * end + i, end, count, tall, sums + j * TALL);
        if (rows - j == 1) add_chunks(1, w, x + j * end + i, end, count, tall, sums + j * TALL);
    }
    for (int64_t j = 0; j < rows; j++)
        for (int64_t k = 0; k < tall; k++)
            p->y[(r + j) * p->outputs + o + k] =
                with_exceptions(sums[j * TALL + k], row + k * p->row, p->exceptions, p->inputs, x + j * end);
}

/*
 * y = x w': x float32 (n, I rounded up to 64), with zeros behind its I numbers, w packed (O, I), y float32 (n, O). One
 * row reads at APART places at a time.
 */
EXPORT void llm360_twelve_rows(const uint8_t *w, int64_t inputs, int64_t outputs, int64_t exceptions, const float *x,
                               int64_t rows, float *y, int64_t from, int64_t to) {
    const product p = {w, inputs, outputs, exceptions, row_bytes(inputs, exceptions), x, y};
    int64_t o = from;
    if (rows > ROWS) {
        /* Groups of about one size, since each unpacks the matrix anew. */
        int64_t groups = (rows + GROUP - 1) / GROUP;
        for (; o < to; o += TALL)
            for (int64_t g = 0; g < groups; g++) {
                int64_t first = rows * g / groups, next = rows * (g + 1) / groups;
                twelve_block(&p, o, to - o < TALL ? to - o : TALL, first, next - first);
            }
        return;
    }
    if (rows == 1) {
        int64_t step = (to - from) / APART;
        for (; o < from + step; o++) twelve_tile(APART, 1, &p, o, step);
        o = from + APART * step;
    }
    for (; o + 2 <= to; o += 2) twelve_band(2, &p, o, rows);
    for (; o < to; o++) twelve_band(1, &p, o, rows);
}

/* Rows [from, to) of x (n, I), each followed by zeros up to a multiple of 64. */
EXPORT void llm360_twelve_pad(const float *x, int64_t inputs, float *y, int64_t from, int64_t to) {
    const int64_t end = padded(inputs);
    for (int64_t r = from; r < to; r++) {
        for (int64_t i = 0; i < inputs; i++) y[r * end + i] = x[r * inputs + i];
        for (int64_t i = inputs; i < end; i++) y[r * end + i] = 0;
    }
}
