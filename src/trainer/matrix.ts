/** A dense row-major matrix in float32: what goes to and comes from the tensor backend. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

export function matrix(rows: number, columns: number, data: Float32Array = new Float32Array(rows * columns)): Matrix {
  if (data.length !== rows * columns) throw new RangeError(`a ${rows} x ${columns} matrix of ${data.length} values`);
  return { rows, columns, data };
}

/** The rows `index` of `source`, copied in that order. */
export function takeRows(source: Matrix, index: ArrayLike<number>): Matrix {
  const { columns } = source;
  const out = new Float32Array(index.length * columns);
  for (let i = 0; i < index.length; i++) {
    const row = index[i];
    out.set(source.data.subarray(row * columns, (row + 1) * columns), i * columns);
  }
  return matrix(index.length, columns, out);
}

/** Every row divided by its Euclidean norm; a row of zeros stays. */
export function unitRows({ rows, columns, data }: Matrix): Matrix {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let c = r * columns; c < (r + 1) * columns; c++) sum += data[c] ** 2;
    const factor = sum > 0 ? 1 / Math.sqrt(sum) : 0;
    for (let c = r * columns; c < (r + 1) * columns; c++) out[c] = data[c] * factor;
  }
  return matrix(rows, columns, out);
}
