import { spawnSync } from 'node:child_process';

/** What predict.py needs; the decoders of compressed DICOM are left to chance, as with whoever uses it. */
const NEEDED = 'import onnxruntime, numpy, PIL, pydicom';

/** The Python with those packages: COLLIMATE_PYTHON, else python3; null where there is none, which is said. */
export const python = find();

function find(): string | null {
  const named = process.env['COLLIMATE_PYTHON'] ?? 'python3';
  if (spawnSync(named, ['-c', NEEDED]).status === 0) return named;
  console.warn(`skipped: ${named} lacks one of onnxruntime, numpy, pillow, pydicom (another one: COLLIMATE_PYTHON)`);
  return null;
}

export const pythonHas = (name: string): boolean => python !== null && spawnSync(python, ['-c', `import ${name}`]).status === 0;

/** Its standard output; throws with what it said where it ends with another code than 0 and 3 (some files failed). */
export function runPython(python: string, args: readonly string[], cwd?: string): string {
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8', maxBuffer: 2 ** 28, ...(cwd !== undefined && { cwd }) });
  if (status !== 0 && status !== 3) throw new Error(`python ${args.join(' ')} ended with ${String(status)}:\n${stderr}`);
  return stdout;
}
