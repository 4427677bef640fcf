import type { Figure } from '../contract/model-card';

/** What the head of a card says to programs; `files`: SHA-256 by name. */
export interface FrontMatter {
  readonly project: string;
  readonly version: string;
  readonly date: string;
  readonly findings: readonly string[];
  readonly head: string;
  readonly encoder: string;
  readonly files: Readonly<Record<string, string>>;
  readonly figures: readonly Figure[];
}

/** The YAML lines between the two marks, with the fields of Hugging Face's model cards. */
export function frontMatter({ project, version, date, findings, head, encoder, files, figures }: FrontMatter): string[] {
  const results = figures.map(({ name, finding, value, n, how }) => ({
    task: { type: 'image-classification' },
    dataset: { type: 'private', name: `labelled images of ${project}` },
    metrics: [
      {
        type: name === 'AUROC' ? 'roc_auc' : 'other',
        name: `${name}${finding === null ? '' : ` of ${finding}`}, ${how}, n = ${String(n)}`,
        value,
      },
    ],
  }));
  const fields = {
    library_name: 'onnx',
    pipeline_tag: 'image-classification',
    license: 'other',
    license_name: 'see-below',
    tags: ['onnx', 'collimate', 'chest-x-ray', 'radiology', 'research-only'],
    collimate: { version, date, findings, head, encoder, sha256: files },
    ...(results.length > 0 ? { 'model-index': [{ name: project, results }] } : {}),
  };
  return ['---', ...Object.entries(fields).map(([key, value]) => `${key}: ${yaml(value)}`), '---'];
}

/** JSON is YAML, but for characters that readers of YAML take for damage. */
const yaml = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
