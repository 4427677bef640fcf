import { expect, test } from 'vitest';
import { mirrorProblem } from '../../../src/contract/address';

test.each([
  '',
  'https://mirror.example.org',
  'https://10.0.0.7:8443/hf/',
  'http://localhost:9000',
  'http://127.0.0.1/x',
  'http://[::1]:3/',
])('%s can be a mirror', (text) => expect(mirrorProblem(text)).toBeNull());

test.each([
  'mirror.example.org',
  'http://mirror.example.org',
  'http://127.0.0.1.example.org',
  'ftp://mirror.example.org',
  'file:///etc/passwd',
  'https://me:secret@mirror.example.org',
  'https://mirror.example.org/?x=1',
  'https://mirror.example.org/#x',
  `https://mirror.example.org/${'x'.repeat(600)}`,
])('%s cannot, with a sentence', (text) => expect(mirrorProblem(text)).toMatch(/^It .+\.$/));
