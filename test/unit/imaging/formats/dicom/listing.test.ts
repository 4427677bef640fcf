import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readHeader } from '../../../../../src/imaging/formats/decode';
import { encodePng } from '../../../../../src/imaging/phantoms/png';
import { missing, shared } from '../../shared';
import { greyFile } from './write';

const valueOf = (file: Uint8Array, tag: string) => readHeader(file).find((field) => field.tag === tag)?.value;

test('fields in the order of their tags, with names, numbers and sequences', () => {
  const file = greyFile([1, 2], {
    '00100010': ['PN', 'Doe^Jane'],
    '00200013': ['IS', '7'],
    '00281050': ['DS', '550\\300'],
    '00540220': ['SQ', [{ '00080104': ['LO', 'postero-anterior'] }]],
    '00090010': ['LO', 'ACME'],
  });
  expect(readHeader(file).slice(2)).toEqual([
    { tag: '(0009,0010)', name: 'Private', value: 'ACME' },
    { tag: '(0010,0010)', name: "Patient's Name", value: 'Doe^Jane' },
    { tag: '(0020,0013)', name: 'Instance Number', value: '7' },
    { tag: '(0028,0002)', name: 'Samples per Pixel', value: '1' },
    { tag: '(0028,0004)', name: 'Photometric Interpretation', value: 'MONOCHROME2' },
    { tag: '(0028,0010)', name: 'Rows', value: '1' },
    { tag: '(0028,0011)', name: 'Columns', value: '2' },
    { tag: '(0028,0100)', name: 'Bits Allocated', value: '16' },
    { tag: '(0028,0101)', name: 'Bits Stored', value: '16' },
    { tag: '(0028,0102)', name: 'High Bit', value: '15' },
    { tag: '(0028,0103)', name: 'Pixel Representation', value: '0' },
    { tag: '(0028,1050)', name: 'Window Center', value: '550\\300' },
    { tag: '(0054,0220)', name: 'View Code Sequence', value: '1 item' },
    { tag: '(0008,0104)', name: '> Code Meaning', value: 'postero-anterior' },
    { tag: '(7FE0,0010)', name: 'Pixel Data', value: '4 bytes' },
  ]);
});

test('the header is listed where the picture cannot be read', () => {
  expect(valueOf(greyFile([1], { '00080060': ['CS', 'XA'] }, '1.2.840.10008.1.2.4.100'), '(0008,0060)')).toBe('XA');
});

test('other formats have none', () => {
  expect(readHeader(encodePng(Uint8Array.from([1, 2, 3, 4]), 2, 2))).toEqual([]);
});

test('a header of very many or very long fields stays small', () => {
  const many = Array.from({ length: 5000 }, () => ({ '00080104': ['LO', 'x'] as [string, string] }));
  const fields = readHeader(greyFile([1], { '00540220': ['SQ', many], '00104000': ['LT', 'y'.repeat(60_000)] }));
  expect(fields).toHaveLength(2000);
  expect(Math.max(...fields.map(({ value }) => value.length))).toBe(1000);
});

describe.skipIf(missing('data/dicom'))('names in the scripts of the world', () => {
  test.each([
    ['chrRuss', 'Люкceмбypг'],
    ['chrH31', 'Yamada^Tarou=山田^太郎=やまだ^たろう'],
    ['chrX1', 'Wang^XiaoDong=王^小東='],
  ])('%s', (name, expected) => {
    expect(valueOf(readFileSync(join(shared, `data/dicom/pydicom/${name}.dcm`)), '(0010,0010)')).toBe(expected);
  });

  test('implicit value representations are looked up', () => {
    expect(valueOf(readFileSync(join(shared, 'data/dicom/derived/chest-implicit.dcm')), '(0028,0010)')).toBe('440');
  });

  test('big-endian numbers', () => {
    expect(valueOf(readFileSync(join(shared, 'data/dicom/derived/chest-bigendian.dcm')), '(0028,0011)')).toBe('440');
  });
});
