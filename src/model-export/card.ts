import type { EncoderCard } from '../contract/encoder-card';
import type { HeadFile } from '../contract/head';

export interface ModelCardFacts {
  readonly parts: 'model' | 'head';
  readonly encoder: EncoderCard;
  readonly head: HeadFile;
  readonly project: string;
  /** Labels a finding name. */
  readonly labels: Readonly<Record<string, number>>;
  readonly metrics: readonly string[];
  /** Images on which the exported file was compared with the app, and the largest difference found. */
  readonly checked: number;
  readonly maxDifference: number;
}

/** Text of others goes into Markdown as text: no markup, no line of its own. */
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_{}[\]<>#|]/g, (mark) => `\\${mark}`);

const crops = {
  official: (resize: number, size: number) =>
    `the short side is resized to ${String(resize)}, then the centre ${String(size)} x ${String(size)} is cut out`,
  pad: (_: number, size: number) => `the whole image is fitted into ${String(size)} x ${String(size)} with black bars`,
  squash: (_: number, size: number) => `the whole image is squashed to ${String(size)} x ${String(size)}`,
};

/** The first lines that whoever receives the file would write. */
const howToUse = ({ input: { channels, size } }: EncoderCard): string[] => [
  '## Use',
  '',
  '`collimate predict FOLDER_OF_THIS_FILE FOLDER_OF_IMAGES --out predictions.csv`, or in Python:',
  '',
  '```python',
  'import json, numpy, onnxruntime',
  'model = onnxruntime.InferenceSession("model.onnx")',
  `image = numpy.zeros((1, ${String(channels)}, ${String(size)}, ${String(size)}), numpy.float32)  # grey levels 0 to 255, resized as said above`,
  '(probabilities,) = model.run(["probabilities"], {"image": image})',
  'print(dict(zip(json.loads(model.get_modelmeta().custom_metadata_map["findings"]), probabilities[0])))',
  '```',
  '',
];

/** The model card in Markdown, written for whoever receives the files. */
export function modelCard(facts: ModelCardFacts): string {
  const { encoder, head, parts } = facts;
  const { tile } = encoder.preprocessing;
  const file = parts === 'model' ? 'model.onnx' : 'head.onnx';
  const calibration =
    head.calibration.method === 'none' ? 'not calibrated' : `calibrated by ${head.calibration.method} on out-of-fold logits`;
  const checked =
    facts.checked === 0
      ? 'It was written without a check against the app, since no image was given.'
      : `Before it was written it was run on ${String(facts.checked)} images of the project; its probabilities differ from the app's by at most ${facts.maxDifference.toExponential(1)}.`;
  const input =
    parts === 'model'
      ? [
          `- Input \`image\`: float32 [N, ${String(encoder.input.channels)}, ${String(encoder.input.size)}, ${String(encoder.input.size)}], grey levels 0 to 255${encoder.input.channels === 3 ? ' in three channels (a grey image is repeated)' : ''}; ${crops[tile.crop](tile.resize, tile.size)}, bicubic with antialiasing as in Pillow. DICOM and 16-bit images are windowed to 8 bits first.`,
          '- Normalisation, encoder, projection, head and calibration are inside.',
        ]
      : [headInput(head, encoder)];
  return `${[
    `# ${plain(facts.project)}: ${file}`,
    '',
    'Made with Collimate. **For research only. It is not a medical device** and must not be used for diagnosis or treatment.',
    '',
    '## What it is',
    '',
    `- Task: ${head.task === 'multilabel' ? 'multi-label (each finding by itself)' : 'multi-class (the probabilities add up to 1)'}`,
    ...input,
    `- Output \`probabilities\`: float32 [N, ${String(head.findings.length)}], in this order: ${head.findings.map(plain).join(', ')}`,
    `- Head: ${head.kind}, id \`${head.id}\`, ${calibration}, seed ${String(head.seed)}`,
    ...readyNote(head),
    `- ${checked}`,
    '',
    ...(parts === 'model' ? howToUse(encoder) : []),
    '## Labels',
    '',
    `${String(head.labels.count)} labelled images.`,
    '',
    '| Finding | present | absent | said present in the project |',
    '| --- | --- | --- | --- |',
    ...head.findings.map((name, i) => {
      const counts = head.labels.perFinding[i];
      const cells = [counts?.present, counts?.absent, facts.labels[name]].map((n) => (n === undefined ? '-' : String(n)));
      return `| ${plain(name)} | ${cells.join(' | ')} |`;
    }),
    '',
    '## Figures',
    '',
    ...(facts.metrics.length > 0 ? facts.metrics.map((line) => `- ${plain(line)}`) : ['None were measured.']),
    '',
    '## Encoder and its licence',
    '',
    `- ${plain(encoder.name)}, id \`${encoder.id}\``,
    ...(encoder.source ? [`- Weights from ${plain(encoder.source.file)}, SHA-256 \`${encoder.source.sha256}\``] : []),
    `- Licence: ${plain(encoder.licence)}`,
    ...licenceNote(encoder, parts, head.kind),
    '',
    '## Limits',
    '',
    '- It has only learnt from the images of this project; on those of other hospitals, devices or patients it may fail without a sign.',
    '- Labels are the judgement of the annotators of this project.',
    ...(encoder.kind === 'eva-x' ? ['- EVA-X was trained on frontal views only; lateral views are out of its range.'] : []),
  ].join('\n')}\n`;
}

/** For which findings the head that came with the encoder speaks. */
function readyNote({ ready, findings, calibration }: HeadFile): string[] {
  if (!ready) return [];
  const served = findings.flatMap((name, f) => (ready.findings[f] ? [{ name, checked: calibration.perFinding[f] !== 'none' }] : []));
  const list = (checked: boolean) => served.flatMap((one) => (one.checked === checked ? [plain(one.name)] : [])).join(', ');
  const unknown = findings.filter((_, f) => calibration.perFinding[f] === 'unknown').map(plain);
  return [
    ...(list(false) === ''
      ? []
      : [`- From the head that came with the encoder's file, **not checked on images of this project**: ${list(false)}`]),
    ...(list(true) === ''
      ? []
      : [`- From the head that came with the encoder's file, calibrated on the labels of this project: ${list(true)}`]),
    ...(unknown.length === 0 ? [] : [`- Known to no head yet, so that the probability is always one half: ${unknown.join(', ')}`]),
  ];
}

/** The input of head.onnx. */
function headInput({ kind, ready, encoder: { d } }: HeadFile, encoder: EncoderCard): string {
  const made = `of the encoder ${plain(encoder.name)} with the id \`${encoder.id}\` and of no other.`;
  const beside = ready ? ` And input \`embedding\`: float32 [N, ${String(d)}], of the same encoder, which its own head reads.` : '';
  if (kind === 'attentive')
    return `- Input \`tokens\`: float32 [N, T, ${String(d)}], the patch tokens behind the last block (before the last LayerNorm, without class token) ${made}${beside}`;
  if (kind === 'block')
    return `- Input \`block_input\`: float32 [N, T, ${String(d)}], what goes into the last block (class token first) ${made} The block itself, fine-tuned, is inside.${beside}`;
  return `- Input \`embedding\`: float32 [N, ${String(d)}], made by the encoder ${plain(encoder.name)} with the id \`${encoder.id}\` and by no other.`;
}

function licenceNote(encoder: EncoderCard, parts: 'model' | 'head', kind: HeadFile['kind']): string[] {
  if (encoder.kind === 'custom' && parts === 'model') {
    return [
      `- **This file contains the weights of ${plain(encoder.source?.file ?? 'a model of somebody else')}.** The licence above is what was written when it was added: check it before you give the file to others, or export the head alone.`,
    ];
  }
  if (encoder.kind !== 'eva-x') return [];
  if (parts === 'head' && kind === 'block') {
    return [
      '- **This file contains the last block of EVA-X, fine-tuned. For EVA-X weights no licence is stated**: ask the authors of EVA-X before you give it to others, or export a head that was not fine-tuned in this way.',
    ];
  }
  return parts === 'model'
    ? [
        '- **This file contains EVA-X weights, for which no licence is stated.** Before you give it to others, ask the authors of EVA-X, or export the head alone: it holds none of their weights, and whoever has the encoder can use it.',
      ]
    : [
        '- This file holds none of the weights of EVA-X, for which no licence is stated; whoever uses it gets the encoder from its authors.',
      ];
}
