import { matrix, type Matrix } from '../matrix';
import { random } from '../random';
import { productHere } from './product';

/** Largest difference of a 37 x 53 by 53 x 29 product, on the backend in use, to the same in float64. */
export async function selfTest(): Promise<number> {
  const a = fill(37, 53);
  const b = fill(53, 29);
  // Not `product`, which would fall back.
  const c = await productHere(a, b);
  let worst = 0;
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.columns; j++) {
      let sum = 0;
      for (let k = 0; k < a.columns; k++) sum += a.data[i * a.columns + k] * b.data[k * b.columns + j];
      worst = Math.max(worst, Math.abs(sum - c.data[i * b.columns + j]));
    }
  }
  return worst;
}

/** Milliseconds of a 1,000 x 256 by 256 x 256 product there and back, as a round makes many of them: the least of three. */
export async function selfTestTime(): Promise<number> {
  const a = fill(1000, 256);
  const b = fill(256, 256);
  let least = Infinity;
  // On a slow one the first says enough.
  for (let run = 0; run < 3 && !(least > 50 && run > 0); run++) {
    const started = performance.now();
    await productHere(a, b);
    least = Math.min(least, performance.now() - started);
  }
  return least;
}

function fill(rows: number, columns: number): Matrix {
  const draw = random(rows, 'self-test');
  return matrix(
    rows,
    columns,
    Float32Array.from({ length: rows * columns }, () => draw.normal()),
  );
}
