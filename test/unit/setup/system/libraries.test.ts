import { describe, expect, test } from 'vitest';
import { debianPackageOf, lackSentence, missingIn } from '../../../../setup/system/libraries.mjs';

const ldd = `	linux-vdso.so.1 (0x00007ffd)
	libffmpeg.so => /opt/electron/libffmpeg.so (0x00007f)
	libgtk-3.so.0 => not found
	libasound.so.2 => not found
	libnss3.so => not found
	libnss3.so => not found
`;
const bookworm = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n';
const noble = 'NAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n';
const fedora = 'NAME="Fedora Linux"\nVERSION_ID=42\nID=fedora\n';

test('missingIn reads the names that ldd does not find, once each', () => {
  expect(missingIn(ldd)).toEqual(['libgtk-3.so.0', 'libasound.so.2', 'libnss3.so']);
});

test('debianPackageOf names the package of a library, the longest match first', () => {
  expect(debianPackageOf('libatk-bridge-2.0.so.0')).toBe('libatk-bridge2.0-0');
  expect(debianPackageOf('libXss.so.1')).toBe('libxss1');
  expect(debianPackageOf('libXcomposite.so.1')).toBe('libgtk-3-0');
  expect(debianPackageOf('libunheard.so.9')).toBeUndefined();
});

describe('lackSentence', () => {
  test('says nothing when nothing is missing', () => {
    expect(lackSentence([], [], bookworm)).toBeUndefined();
  });

  test('gives the line of the package manager where it is known', () => {
    expect(lackSentence(missingIn(ldd), ['Xvfb'], bookworm)).toBe(
      'This system lacks libgtk-3.so.0, libasound.so.2, libnss3.so, Xvfb, which Collimate needs here: sudo apt-get install libgtk-3-0 libasound2 libnss3 xvfb',
    );
  });

  test('knows the names of newer releases', () => {
    expect(lackSentence(['libasound.so.2', 'libgbm.so.1'], [], noble)).toMatch(/install libasound2t64 libgbm1$/);
  });

  test('names the libraries alone elsewhere', () => {
    expect(lackSentence(['libgbm.so.1'], [], fedora)).toBe(
      'This system lacks libgbm.so.1, which Collimate needs here: install what brings them with your package manager.',
    );
  });
});
