/**
 * The store of embeddings on disk: segments of two files each, the rows' names and their vectors. The file of names is a header and a record
 * for each row, of these many bytes; what else is in it only the encoder knows (encoder/store/segment).
 */
export const STORE_HEADER = 64;
export const STORE_RECORD = 44;

/** Rows of a segment whose file of names has `bytes`. */
export const rowsIn = (bytes: number): number => Math.max(0, Math.floor((bytes - STORE_HEADER) / STORE_RECORD));
