import react from '@vitejs/plugin-react';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { chromium } from 'playwright';
import { build } from 'vite';

const require = createRequire(import.meta.url);
const Vips = require('wasm-vips');
const root = join(import.meta.dirname, '../..');
const data = join(root, '../shared/data/cxr/nih');
const sixteen = join(root, '../shared/data/hostile/real16');
const out = process.argv[2] ?? join(tmpdir(), 'shots');
// A regular expression over the names of the scenes.
const only = process.argv[3];
mkdirSync(out, { recursive: true });

const site = mkdtempSync(join(tmpdir(), 'preview-'));
await build({
  root: import.meta.dirname,
  configFile: false,
  plugins: [react()],
  logLevel: 'warn',
  build: { outDir: site, emptyOutDir: true, minify: false, target: 'chrome130' },
});
const vips = await Vips({ dynamicLibraries: [] });
vips.concurrency(1);
vips.Cache.max(0);
const files = existsSync(data) ? readdirSync(data).filter((name) => name.endsWith('.jpg')) : [];
const deep = existsSync(sixteen) ? readdirSync(sixteen).filter((name) => /\.(png|tiff?)$/.test(name)) : [];
const names = [...deep.slice(0, 2).map((name) => `00-deep/${name}`), ...files];
const fileOf = (name) => (name.startsWith('00-deep/') ? join(sixteen, normalize(name.slice(8))) : join(data, normalize(name)));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2' };
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; font-src 'self'; worker-src 'self'; base-uri 'none'";

// wasm-vips frees nothing by itself.
function withImage(make, use) {
  const made = [];
  const keep = (image) => {
    made.push(image);
    return image;
  };
  try {
    return use(keep(make()), keep);
  } finally {
    for (const image of made) image.delete();
  }
}
const pixels = (file) =>
  withImage(
    () => vips.Image.newFromBuffer(readFileSync(file)),
    (image, keep) => {
      const band = keep(image.bands >= 3 ? image.extractBand(0, { n: 3 }) : image.extractBand(0));
      const samples = band.writeToMemory();
      const bits = image.format === 'ushort' ? 16 : 8;
      return {
        header: { width: band.width, height: band.height, channels: band.bands, bits, windows: [], inverted: false },
        body: Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength),
      };
    },
  );
const thumbnail = (file) =>
  withImage(
    () => vips.Image.thumbnailBuffer(readFileSync(file), 384),
    (image, keep) => Buffer.from((image.format === 'ushort' ? keep(keep(image.rightshift(8)).cast('uchar')) : image).writeToBuffer('.jpg')),
  );
const thumbnails = new Map();
const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
  try {
    if (path === '/names.json') return response.end(JSON.stringify(names));
    if (path.startsWith('/images/')) {
      if (!thumbnails.has(path)) thumbnails.set(path, thumbnail(fileOf(path.slice(8))));
      response.writeHead(200, { 'content-type': 'image/jpeg' });
      return response.end(thumbnails.get(path));
    }
    if (path.startsWith('/pixels/')) {
      const { header, body } = pixels(fileOf(path.slice(8)));
      response.writeHead(200, { 'x-collimate-pixels': JSON.stringify(header) });
      return response.end(body);
    }
    const file = join(site, normalize(path === '/' ? '/index.html' : path));
    if (!existsSync(file)) throw new Error(`no ${path}`);
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream', 'content-security-policy': policy });
    return response.end(readFileSync(file));
  } catch (error) {
    if (!response.headersSent) response.writeHead(404);
    return response.end(String(error));
  }
});
await new Promise((resolve) => server.listen(0, resolve));
const origin = `http://localhost:${server.address().port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--enable-unsafe-swiftshader'],
});
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
let bad = 0;

async function scene(name, { query = '', size = [1280, 800], steps = async () => {} }) {
  if (only !== undefined && !new RegExp(only).test(name)) return;
  const context = await browser.newContext({ viewport: { width: size[0], height: size[1] } });
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && console.log(`${name}: console ${message.text()}`));
  page.on('pageerror', (error) => console.log(`${name}: ${error.stack}`));
  await page.goto(`${origin}/?${query}`);
  await page.getByTestId('welcome').waitFor();
  await steps(page);
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(out, `${name}.png`) });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const { id, nodes } of violations) {
    bad += 1;
    console.log(
      `${name}: axe ${id}: ${nodes
        .slice(0, 4)
        .map((node) => `${node.html.slice(0, 120)} ${node.any[0]?.message ?? ''}`)
        .join('\n    ')}`,
    );
  }
  await context.close();
}
const open = async (page) => {
  await page.getByTestId('recent-project').first().click();
  await page.getByTestId('queue-image').waitFor();
  await page.waitForSelector('[data-ready=full]');
};
const label = (count, keys) => async (page) => {
  await open(page);
  for (let i = 0; i < count; i += 1) {
    await page.keyboard.press(keys[i % keys.length]);
    await page.waitForTimeout(25);
  }
  await page.waitForSelector('[data-ready=full]');
};
for (const theme of ['dark', 'light']) {
  for (const size of [
    [1280, 800],
    [1920, 1080],
  ]) {
    const tag = String(size[0]);
    const at = (name) => `${name}-${theme}-${tag}`;
    await scene(at('welcome'), { query: `theme=${theme}&recent`, size });
    await scene(at('new'), {
      query: `theme=${theme}&recent`,
      size,
      steps: async (page) => {
        await page.getByTestId('new-project').click();
        await page.getByTestId('choose-folder').click();
        await page.getByTestId('folder-look').waitFor();
      },
    });
    await scene(at('queue'), { query: `theme=${theme}`, size, steps: label(24, ['1', '2', '3', '1', 'x']) });
    await scene(at('queue-cold'), { query: `theme=${theme}&embedding`, size, steps: open });
    await scene(at('multilabel'), {
      query: `theme=${theme}&task=multilabel`,
      size,
      steps: async (page) => {
        await label(30, ['1', '2', '2', 'a', 'ArrowRight'])(page);
        await page.keyboard.press('4');
        await page.keyboard.press('Shift+Digit6');
      },
    });
    await scene(at('many'), {
      query: `theme=${theme}&task=multilabel&many`,
      size,
      steps: async (page) => {
        await label(10, ['1', '2', 'a', 'ArrowRight'])(page);
        // The disk is full: the answer is refused.
        await page.evaluate(() =>
          globalThis.fake.failures.set('labels.apply', { code: 'disk-full', params: { folder: '/home/reader/.config/collimate' } }),
        );
        await page.keyboard.press('7');
      },
    });
    await scene(at('early'), {
      query: `theme=${theme}&task=multilabel&early`,
      size,
      steps: label(10, ['1', '2', 'ArrowRight']),
    });
    await scene(at('early-many'), {
      query: `theme=${theme}&task=multilabel&many&early`,
      size,
      steps: label(10, ['1', '2', 'ArrowRight']),
    });
    await scene(at('blind'), {
      query: `theme=${theme}&task=multilabel&audit=1`,
      size,
      steps: label(8, ['1', '2', 'ArrowRight']),
    });
    await scene(at('enter-rule'), {
      query: `theme=${theme}&task=multilabel&audit=0.15&early`,
      size,
      steps: async (page) => {
        await label(20, ['1', '2', 'ArrowRight'])(page);
        await page.keyboard.press('p');
        await page.getByTestId('audit-state').scrollIntoViewIfNeeded();
      },
    });
    await scene(at('bulk'), {
      query: `theme=${theme}&audit=0.3`,
      size,
      steps: async (page) => {
        await label(12, ['1', '2', '3'])(page);
        await page.keyboard.press('g');
        await page.getByTestId('grid-cell').first().waitFor();
        await page.keyboard.press('Control+a');
        await page.keyboard.press('2');
        await page.getByTestId('bulk-dialog').waitFor();
      },
    });
    await scene(at('reserve'), {
      query: `theme=${theme}&audit=0.3`,
      size,
      steps: async (page) => {
        await label(12, ['1', '2', '3'])(page);
        await page.keyboard.press('p');
        await page.getByTestId('open-reserve').click();
        await page.getByTestId('reserve-dialog').waitFor();
      },
    });
    await scene(at('ready'), { query: `theme=${theme}&task=multilabel&many&ready`, size, steps: open });
    const importing = async (page, change) => {
      await page.evaluate(change);
      await page.getByTestId('new-project').click();
      await page.getByTestId('choose-folder').click();
      await page.getByTestId('folder-look').waitFor();
      await page.getByTestId('import-encoder').click();
      await page.getByTestId('import-facts').waitFor();
    };
    await scene(at('import'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await importing(page, () => {
          const card = { ...globalThis.fake.library.encoders[1].card, name: 'EVA-X S' };
          globalThis.fake.checkpoint.here = [{ card, added: '2026-11-03T10:00:00.000Z' }];
        });
        await page.getByTestId('import-precision').click();
        await page.getByTestId('precision-int8').check();
      },
    });
    await scene(at('import-names'), {
      query: `theme=${theme}`,
      size,
      steps: (page) =>
        importing(page, () => {
          globalThis.fake.checkpoint.head = { classes: 3, findings: null, task: 'multiclass' };
        }),
    });
    await scene(at('import-measured'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await importing(page, () => {
          globalThis.fake.checkpoint.head = {
            classes: 5,
            findings: ['Atelectasis', 'Cardiomegaly', 'Consolidation', 'Edema', 'Pleural Effusion'],
            task: 'multilabel',
          };
        });
        await page.getByTestId('import-precision').click();
        await page.getByTestId('precision-int8').check();
        await page.getByTestId('import-run').click();
        await page.getByTestId('import-measured').waitFor();
      },
    });
    await scene(at('ready-beside'), {
      query: `theme=${theme}&task=multilabel&ready`,
      size,
      steps: label(30, ['1', '2', '2', 'a', 'ArrowRight']),
    });
    await scene(at('ready-grid'), {
      query: `theme=${theme}&task=multilabel&ready`,
      size,
      steps: async (page) => {
        await open(page);
        await page.keyboard.press('g');
        await page.keyboard.press('p');
      },
    });
    await scene(at('grid'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await label(24, ['1', '2', '3', 'x'])(page);
        await page.keyboard.press('g');
        const cells = page.getByTestId('grid-cell');
        await cells.nth(3).click();
        await cells.nth(9).click({ modifiers: ['Shift'] });
      },
    });
    await scene(at('review'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await label(16, ['1', '2', '3'])(page);
        await page.evaluate(() => globalThis.suspect(9));
        await page.keyboard.press('Shift+R');
        await page.getByTestId('review-view').waitFor();
        await page.keyboard.press('Enter');
        await page.keyboard.press('Control+Enter');
        await page.waitForSelector('[data-ready=full]');
      },
    });
    await scene(at('review-labels'), {
      query: `theme=${theme}&task=multilabel`,
      size,
      steps: async (page) => {
        await label(8, ['1', '2', 'a', 'ArrowRight'])(page);
        await page.evaluate(() => globalThis.suspect(6));
        await page.keyboard.press('Shift+R');
        await page.getByTestId('review-view').waitFor();
      },
    });
    await scene(at('search'), {
      query: `theme=${theme}&task=multilabel`,
      size,
      steps: async (page) => {
        await label(8, ['1', '2', 'a', 'ArrowRight'])(page);
        await page.keyboard.press('Control+Shift+F');
        await page.getByTestId('search-dialog').waitFor();
      },
    });
    await scene(at('searching'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await label(3, ['1', '2', '3'])(page);
        await page.getByTestId('more-like-this').click();
        await page.getByTestId('search-start').click();
        await page.getByTestId('search-strip').waitFor();
        for (const key of ['1', '1', '3']) await page.keyboard.press(key);
      },
    });
    await scene(at('progress'), {
      query: `theme=${theme}&embedding`,
      size,
      steps: async (page) => {
        await label(30, ['1', '2', '3'])(page);
        await page.keyboard.press('p');
      },
    });
    for (const [state, labelled, query] of [
      ['few', 260, ''],
      ['many', 520, ''],
      ['running', 520, '&tuning'],
    ]) {
      await scene(at(`fine-tune-${state}`), {
        query: `theme=${theme}&eva-x${query}`,
        size,
        steps: async (page) => {
          await open(page);
          await page.keyboard.press('p');
          await page.evaluate((n) => {
            const round = globalThis.fake.round();
            globalThis.fake.emit('round', { ...round, stage: 'full', metrics: { ...round.metrics, labelled: n } });
            const progress = { job: 'tune', done: 4_000, total: 157_000, what: 'Training the last block', secondsLeft: 6_300 };
            globalThis.fake.emit('progress', progress);
          }, labelled);
          if (query === '') await page.getByTestId('tuned-part').click();
          if (state === 'many') await page.getByTestId('tuned-part-block').click();
          await page.getByTestId('fine-tune').scrollIntoViewIfNeeded();
        },
      });
    }
    await scene(at('quality'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await label(30, ['1', '2', '3'])(page);
        await page.keyboard.press('p');
        await page.getByTestId('queue-choices').click();
        await page.getByTestId('head-kind').scrollIntoViewIfNeeded();
      },
    });
    if (tag === '1920') continue;
    await scene(at('keys'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await open(page);
        await page.keyboard.press('?');
      },
    });
    await scene(at('export'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await label(6, ['1', '2', '3'])(page);
        await page.getByTestId('command-export.open').click();
        await page.getByTestId('export-model').check();
        await page.getByTestId('export-folder').click();
        await page.getByTestId('export-run').click();
        await page.getByTestId('export-done').waitFor();
      },
    });
    // The first images are of 16 bits.
    await scene(at('viewer'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await open(page);
        await page.keyboard.press('g');
        await page.getByTestId('grid-cell').first().dblclick();
        await page.waitForSelector('[data-ready=full]');
        for (const key of ['i', '+', '+', ']', '}']) await page.keyboard.press(key);
      },
    });
    await scene(at('compare'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await label(12, ['1', '2', '3'])(page);
        await page.keyboard.press(';');
        await page.locator('[data-testid=compare-image][data-ready=full]').waitFor();
        await page.keyboard.press('+');
        await page.keyboard.press('+');
      },
    });
    await scene(at('metadata'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await open(page);
        await page.keyboard.press('Control+Shift+P');
        await page.getByTestId('metadata-table').check();
        await page.getByTestId('metadata-choose').click();
        await page.getByTestId('metadata-preview').waitFor();
      },
    });
    await scene(at('table-of-labels'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await open(page);
        await page.keyboard.press('Control+Shift+L');
        await page.getByTestId('import-labels-choose').click();
        await page.getByTestId('import-labels-yield').waitFor();
      },
    });
    await scene(at('new-pattern'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await page.getByTestId('new-project').click();
        await page.getByTestId('choose-folder').click();
        await page.getByTestId('folder-look').waitFor();
        await page.getByTestId('more').locator('summary').click();
        await page.getByTestId('metadata-pattern').check();
        await page.getByTestId('metadata-pattern-text').fill('{patient}_*');
        await page.getByTestId('metadata-preview').waitFor();
        await page.getByTestId('metadata-preview').scrollIntoViewIfNeeded();
      },
    });
    await scene(at('notes'), {
      query: `theme=${theme}&notes`,
      size,
      steps: async (page) => {
        await open(page);
        await page.keyboard.press('g');
        await page.getByTestId('grid-note').waitFor();
        await page.getByTestId('grid-cell').first().dblclick();
        await page.waitForSelector('[data-ready=full]');
      },
    });
    await scene(at('encoders'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await page.getByTestId('command-settings.open').click();
        await page.getByTestId('settings-encoders').click();
        await page.getByTestId('encoder-details').last().click();
      },
    });
    await scene(at('remove-encoder'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await page.getByTestId('command-settings.open').click();
        await page.getByTestId('settings-encoders').click();
        await page.getByTestId('remove-encoder').click();
      },
    });
    await scene(at('settings'), { query: `theme=${theme}`, size, steps: (page) => page.getByTestId('command-settings.open').click() });
    await scene(at('learning-settings'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await page.getByTestId('command-settings.open').click();
        await page.getByTestId('settings-learning').click();
        await page.getByTestId('choose-backend').click();
        await page.getByTestId('check-backend').click();
      },
    });
    await scene(at('failed'), {
      query: `theme=${theme}`,
      size,
      steps: async (page) => {
        await label(3, ['1', '2', '3'])(page);
        await page.evaluate(() =>
          globalThis.fake.failures.set('labels.apply', { code: 'disk-full', params: { folder: '/home/reader/.config/collimate' } }),
        );
        await page.keyboard.press('1');
      },
    });
  }
}
await browser.close();
server.close();
console.log(bad === 0 ? 'axe: no violations' : `axe: ${bad} violations`);
process.exit(0);
