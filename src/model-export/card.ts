import type { EncoderCard } from '../contract/encoder-card';
import type { HeadFile } from '../contract/head';
import type { CardFacts, Figure, Threshold } from '../contract/model-card';
import { PORTABLE_IR, PORTABLE_OPSET } from '../onnx/portable';
import { frontMatter } from './front-matter';

export interface ModelCardFacts extends CardFacts {
  readonly parts: 'model' | 'head';
  readonly encoder: EncoderCard;
  readonly head: HeadFile;
  /** What a runtime has to know for the model or the head. */
  readonly needs: { readonly opset: number; readonly irVersion: number; readonly domains: readonly string[] };
  /** SHA-256 of the files beside the card, by name. */
  readonly files: Readonly<Record<string, string>>;
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

/** The first lines that whoever receives the files would write. */
function howToUse(parts: 'model' | 'head', encoder: EncoderCard): string[] {
  const option = parts === 'head' ? '--encoder ENCODER_DIR ' : '';
  return [
    '## Use',
    '',
    '```',
    'pip install onnxruntime numpy pillow pydicom',
    `python predict.py ${option}chest.png FOLDER_OF_IMAGES > predictions.csv`,
    '```',
    '',
    'or in Python, beside these files:',
    '',
    '```python',
    'from predict import Model',
    '',
    `model = Model(${parts === 'head' ? 'encoder="ENCODER_DIR"' : ''})`,
    'for frame, probabilities, reason in model.predict("chest.png"):',
    '    print(probabilities or reason)',
    '```',
    '',
    ...(parts === 'head'
      ? [`ENCODER_DIR is the folder that Collimate keeps of ${plain(encoder.name)}, with the id \`${encoder.id}\`.`, '']
      : ['`collimate predict` on this folder says the same.', '']),
    'What `predict.py` does to a file is part of the model: orientation, windows and look-up tables, 16 bits to 8, colours, resizing. It does what',
    'Collimate does and refuses by name what it cannot do exactly. Compressed DICOM needs the decoders of pydicom: `pip install pylibjpeg[all] pyjpegls`.',
    '',
  ];
}

/** What it takes to run the file. */
function runtimeNote({ needs, encoder, parts }: ModelCardFacts): string[] {
  const { opset, irVersion, domains } = needs;
  const operators = domains.length === 0 ? 'operators of ai.onnx alone' : `operators of ai.onnx and of ${domains.map(plain).join(', ')}`;
  const written = `opset ${String(opset)}, IR version ${String(irVersion)}, ${operators}`;
  const isPortable = opset <= PORTABLE_OPSET && irVersion <= PORTABLE_IR && domains.length === 0;
  const oldest = isPortable
    ? 'The oldest runtime that it was tried with is onnxruntime 1.17'
    : `The graph of ${plain(encoder.source?.file ?? encoder.name)} is inside as its author wrote it: the runtime has to know that opset and IR version`;
  return [
    `- Runtime: ${written}. ${oldest}.`,
    ...(encoder.precision === 'int8' && parts === 'model'
      ? [
          '- int8: products are written as DequantizeLinear and MatMul (QDQ). On processors without VNNI some runtimes compute them with sums that overflow; in onnxruntime the session entry `session.x64quantprecision` = 1, which `predict.py` sets, makes them exact. Between runtimes probabilities differed by up to 0.01 where it was tried.',
        ]
      : []),
  ];
}

const number = (value: number): string => String(Number(value.toPrecision(3)));

const figureLine = ({ name, finding, value, low, high, n, how }: Figure): string =>
  `- ${finding === null ? '' : `${plain(finding)}: `}${plain(name)} ${number(value)}${low === null || high === null ? '' : ` (95 % interval ${number(low)} to ${number(high)})`}, n = ${String(n)}, ${plain(how)}`;

function thresholdTable(findings: readonly string[], thresholds: readonly Threshold[]): string[] {
  if (thresholds.length === 0)
    return [
      'None were measured. A probability of 0.5 is the point from which present is likelier than absent; it is no clinical threshold.',
    ];
  return [
    `| Finding | ${thresholds.map(({ name }) => plain(name)).join(' | ')} |`,
    `| --- |${' --- |'.repeat(thresholds.length)}`,
    ...findings.map((finding, f) => {
      const cells = thresholds.map(({ values }) => (typeof values[f] === 'number' ? number(values[f]) : '-'));
      return `| ${plain(finding)} | ${cells.join(' | ')} |`;
    }),
    '',
    ...thresholds.map(({ name, how }) => `- ${plain(name)}: ${plain(how)}`),
  ];
}

function patientNote({ patients }: CardFacts): string {
  if (!patients) return 'How many patients they are of was not recorded.';
  const { labelled, audited, unknown } = patients;
  return `Patients: ${String(labelled)} with images labelled for training, ${String(audited)} with audit draws; of ${String(unknown)} labelled images the patient is not known.`;
}

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
          `- Input \`image\`: float32 [N, ${String(encoder.input.channels)}, ${String(encoder.input.size)}, ${String(encoder.input.size)}], grey levels 0 to 255${encoder.input.channels === 3 ? ' in three channels (a grey image is repeated)' : ''}; ${crops[tile.crop](tile.resize, tile.size)}, bicubic with antialiasing as in Pillow. \`predict.py\` makes it out of a file.`,
          '- Normalisation, encoder, projection, head and calibration are inside.',
        ]
      : [headInput(head, encoder)];
  const { project, version, date, files, figures } = facts;
  return `${[
    ...frontMatter({ project, version, date, findings: head.findings, head: head.id, encoder: encoder.id, files, figures }),
    '',
    `# ${plain(project)}: ${file}`,
    '',
    `Made with Collimate ${plain(version)} on ${date}. **For research only. It is not a medical device** and must not be used for diagnosis or treatment.`,
    '',
    '## What it is',
    '',
    `- Task: ${head.task === 'multilabel' ? 'multi-label (each finding by itself)' : 'multi-class (the probabilities add up to 1)'}`,
    ...input,
    `- Output \`probabilities\`: float32 [N, ${String(head.findings.length)}], in this order: ${head.findings.map(plain).join(', ')}`,
    `- Head: ${head.kind}, id \`${head.id}\`, ${calibration}, seed ${String(head.seed)}`,
    ...readyNote(head),
    ...runtimeNote(facts),
    `- ${checked}`,
    '',
    ...howToUse(parts, encoder),
    '## Labels',
    '',
    `${String(head.labels.count)} labelled images. ${patientNote(facts)}`,
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
    ...(figures.length > 0 ? figures.map(figureLine) : ['None were measured.']),
    '',
    '## Thresholds',
    '',
    ...thresholdTable(head.findings, facts.thresholds),
    '',
    '## Encoder and its licence',
    '',
    `- ${plain(encoder.name)}, id \`${encoder.id}\``,
    ...(encoder.source ? [`- Weights from ${plain(encoder.source.file)}, SHA-256 \`${encoder.source.sha256}\``] : []),
    `- Licence: ${plain(encoder.licence)}`,
    ...licenceNote(encoder, parts, head.kind),
    '- `predict.py`: Apache-2.0. The licence of the head is for whoever labelled the images to choose.',
    '',
    '## Files',
    '',
    '| File | SHA-256 |',
    '| --- | --- |',
    ...Object.entries(files).map(([name, hash]) => `| ${plain(name)} | \`${hash}\` |`),
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
