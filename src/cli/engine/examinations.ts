import { existsSync, readFileSync } from 'node:fs';
import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, freemem, homedir, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { explain } from '../../contract/catalogue';
import { unwrap } from '../../contract/result';
import { ensureBuiltin } from '../../encoder/scattering/builtin';
import { isMissing, type Accelerator } from '../../encoder/providers';
import { openSession } from '../../encoder/session';
import { makeSample } from '../../imaging/phantoms';
import { packageVersion } from '../package';
import type { Session } from '../session';
import { startBackend } from './backend';
import { withEncoder } from './encoder';
import { listFolder } from './folder';

/** One line of what was found. */
export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'warn';
  readonly text: string;
}

type Examination = (session: Session) => Promise<Finding[]> | Finding[];

const fine = (what: string, text: string): Finding => ({ what, state: 'ok', text });
const warn = (what: string, text: string): Finding => ({ what, state: 'warn', text });

/** package.json asks for 20.19. */
const OLDEST_NODE = [20, 19] as const;
const GIB = 2 ** 30;

function runtime(): Finding[] {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  const node = `Node ${process.versions.node} on ${process.platform} ${process.arch}.`;
  return [
    fine('Collimate', `Version ${packageVersion()}.`),
    isOld ? warn('Node', `${node} Version ${OLDEST_NODE.join('.')} or newer is needed.`) : fine('Node', node),
  ];
}

function processor(): Finding[] {
  const cores = `${cpus()[0]?.model.trim() ?? 'unknown'}, ${String(availableParallelism())} cores`;
  const flags = cpuFlags();
  if (flags === null) return [fine('Processor', `${cores}.`)];
  const known = ['avx', 'avx2', 'avx512f', 'avx512_vnni', 'amx_tile', 'asimd', 'i8mm'].filter((flag) => flags.has(flag));
  const text = `${cores}; ${known.length > 0 ? known.join(', ') : 'no vector instructions that matter here'}.`;
  return [known.length > 0 ? fine('Processor', text) : warn('Processor', `${text} The encoder will be slow.`)];
}

/** Only Linux says it without a native module. */
function cpuFlags(): Set<string> | null {
  try {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
    return line === undefined ? null : new Set(line.trim().split(/\s+/));
  } catch {
    return null;
  }
}

function memory(): Finding[] {
  const text = `${(totalmem() / GIB).toFixed(1)} GiB, ${(freemem() / GIB).toFixed(1)} GiB of it free.`;
  return [totalmem() < 4 * GIB ? warn('Memory', `${text} Large pools may not fit.`) : fine('Memory', text)];
}

function electron(): Finding[] {
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (override !== undefined) {
    const text = `ELECTRON_OVERRIDE_DIST_PATH names ${override}`;
    return [existsSync(override) ? fine('Electron', `${text}.`) : warn('Electron', `${text}, which is not there.`)];
  }
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
    if (existsSync(join(folder, 'path.txt'))) return [fine('Electron', `Downloaded, in ${join(folder, 'dist')}.`)];
    return [warn('Electron', 'Not downloaded yet; "npm start" sees to it. The command line does not need it.')];
  } catch {
    return [warn('Electron', 'Not installed here. The command line does not need it.')];
  }
}

/** Tries what could run an encoder on this system, with the built-in one. */
async function encoder({ threads }: Session): Promise<Finding[]> {
  const candidates: Record<string, Accelerator[]> = { win32: ['directml', 'cuda', 'webgpu'], darwin: ['coreml', 'webgpu'] };
  const folder = await mkdtemp(join(tmpdir(), 'collimate-doctor-'));
  try {
    const { model, card } = unwrap(await ensureBuiltin(folder));
    const findings: Finding[] = [];
    const cpu = await openSession(model, 'cpu', threads);
    if (cpu.ok) {
      await cpu.value.close();
      findings.push(fine('Encoder', `${card.name} runs on the processor (onnxruntime).`));
    } else findings.push(warn('Encoder', explain(cpu.failure).what));
    for (const provider of candidates[process.platform] ?? ['cuda', 'webgpu']) {
      const missing = isMissing(provider);
      if (missing !== null) {
        findings.push(warn(`Provider ${provider}`, `It cannot be used here: ${missing} is missing.`));
        continue;
      }
      const opened = await openSession(model, provider, threads);
      if (!opened.ok) findings.push(warn(`Provider ${provider}`, explain(opened.failure).what));
      else {
        const { provider: used, reason } = opened.value;
        await opened.value.close();
        findings.push(
          used === provider ? fine(`Provider ${provider}`, 'It can be used.') : warn(`Provider ${provider}`, asSentence(reason)),
        );
      }
    }
    return findings;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tensors(session: Session): Promise<Finding[]> {
  const started = await startBackend('auto', session);
  if (!started.ok) return [warn('Tensors', explain(started.failure).what)];
  const { backend, reason } = started.value;
  return [fine('Tensors', `TensorFlow.js on ${backend}: ${asSentence(reason)}`)];
}

/** One image all the way: drawn, decoded in a thread, embedded. */
async function decoder(session: Session): Promise<Finding[]> {
  const folder = await mkdtemp(join(tmpdir(), 'collimate-doctor-'));
  try {
    unwrap(await makeSample({ out: folder, count: 1, format: 'dicom', seed: 0 }));
    const { images } = unwrap(await listFolder(join(folder, 'images'), session.signal));
    const done = await withEncoder(session, { encoder: 'builtin', provider: 'cpu', cache: folder }, (open) =>
      open.embed(images, () => undefined),
    );
    if (!done.ok) return [warn('Imaging', explain(done.failure).what)];
    return [
      done.value[0]?.ok ? fine('Imaging', 'A DICOM file was read and embedded.') : warn('Imaging', 'A DICOM file could not be read.'),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where the app keeps projects and embeddings: Electron's appData, unless COLLIMATE_PROFILE names another place. */
function profileFolder(): string {
  const named = process.env['COLLIMATE_PROFILE'];
  if (named !== undefined) return named;
  if (process.platform === 'win32') return join(process.env['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Collimate');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Collimate');
  return join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'Collimate');
}

async function profile(): Promise<Finding[]> {
  const folder = profileFolder();
  let nearest = folder;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    await access(nearest, constants.W_OK);
    return [fine('Profile', nearest === folder ? `${folder} can be written.` : `${folder} is not there yet and can be made.`)];
  } catch {
    return [warn('Profile', `${folder} cannot be written.`)];
  }
}

function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

export const examinations: readonly Examination[] = [runtime, processor, memory, electron, encoder, tensors, decoder, profile];
