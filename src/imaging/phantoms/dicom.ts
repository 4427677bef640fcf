import { createHash } from 'node:crypto';
import { MAXIMUM } from './render';

export interface DicomFacts {
  readonly patientId: string;
  readonly visit: number;
  readonly seed: number;
  /** MONOCHROME1: high values are dark. */
  readonly inverted: boolean;
}

/** A computed radiograph (PS3.3 A.2) in Explicit VR Little Endian: 12 bits stored in 16, with one window. */
export function encodeDicom(samples: Uint16Array, width: number, height: number, facts: DicomFacts): Buffer {
  const { patientId, visit, seed, inverted } = facts;
  const uid = (...parts: (string | number)[]) => uidOf([seed, patientId, ...parts].join('/'));
  const stored = inverted ? samples.map((value) => MAXIMUM - value) : samples;
  const pixels = Buffer.alloc(stored.length * 2);
  for (let i = 0; i < stored.length; i++) pixels.writeUInt16LE(stored[i] as number, 2 * i);
  const crImageStorage = '1.2.840.10008.5.1.4.1.1.1';
  const instance = uid(visit, 'instance');
  const set = Buffer.concat([
    string(0x0008, 0x0016, 'UI', crImageStorage),
    string(0x0008, 0x0018, 'UI', instance),
    string(0x0008, 0x0020, 'DA', visit === 1 ? '20260105' : '20260316'),
    string(0x0008, 0x0060, 'CS', 'CR'),
    string(0x0008, 0x0070, 'LO', 'Collimate phantoms'),
    string(0x0010, 0x0010, 'PN', `Phantom^${patientId}`),
    string(0x0010, 0x0020, 'LO', patientId),
    string(0x0018, 0x0015, 'CS', 'CHEST'),
    string(0x0018, 0x5101, 'CS', 'PA'),
    string(0x0020, 0x000d, 'UI', uid(visit, 'study')),
    string(0x0020, 0x000e, 'UI', uid(visit, 'series')),
    string(0x0020, 0x0013, 'IS', '1'),
    short(0x0028, 0x0002, 1),
    string(0x0028, 0x0004, 'CS', inverted ? 'MONOCHROME1' : 'MONOCHROME2'),
    short(0x0028, 0x0010, height),
    short(0x0028, 0x0011, width),
    short(0x0028, 0x0100, 16),
    short(0x0028, 0x0101, 12),
    short(0x0028, 0x0102, 11),
    short(0x0028, 0x0103, 0),
    string(0x0028, 0x1050, 'DS', String((MAXIMUM + 1) / 2)),
    string(0x0028, 0x1051, 'DS', String(MAXIMUM + 1)),
    long(0x7fe0, 0x0010, 'OW', pixels),
  ]);
  const meta = Buffer.concat([
    long(0x0002, 0x0001, 'OB', Buffer.from([0, 1])),
    string(0x0002, 0x0002, 'UI', crImageStorage),
    string(0x0002, 0x0003, 'UI', instance),
    string(0x0002, 0x0010, 'UI', '1.2.840.10008.1.2.1'),
    string(0x0002, 0x0012, 'UI', uidOf('Collimate phantoms')),
  ]);
  const groupLength = Buffer.alloc(4);
  groupLength.writeUInt32LE(meta.length);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), element(0x0002, 0x0000, 'UL', groupLength), meta, set]);
}

/** PS3.5 7.1.2: tag, value representation, 16-bit length, value. */
function element(group: number, number: number, vr: string, value: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, value]);
}

/** The form for OB and OW, whose length has 32 bits. */
function long(group: number, number: number, vr: string, value: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  head.writeUInt32LE(value.length, 8);
  return Buffer.concat([head, value]);
}

/** Values have even length: UIDs are padded with zero, other strings with a space. */
function string(group: number, number: number, vr: string, value: string): Buffer {
  const padding = value.length % 2 === 0 ? '' : vr === 'UI' ? '\0' : ' ';
  return element(group, number, vr, Buffer.from(value + padding, 'latin1'));
}

function short(group: number, number: number, value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return element(group, number, 'US', bytes);
}

/** PS3.5 B.2: 2.25 and a number of at most 128 bits. */
function uidOf(name: string): string {
  const digits = createHash('sha256').update(name).digest('hex').slice(0, 30);
  return `2.25.${BigInt(`0x${digits}`).toString()}`;
}
