import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { shell } from 'electron';
import { ulid } from 'ulid';
import { z } from 'zod';
import { type MetadataPreview, type NewFinding, ProjectSummary } from '../../contract/views';
import { annotatorState } from '../../contract/fold';
import { SCHEMA, type FrameChoice, type MetadataRule, type Project, type Task } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import { scanFolder } from '../../project/folder/scan';
import { exists, reachable } from '../../files/look';
import { saveFile } from '../../files/save';
import { Journal } from '../../project/journal/journal';
import { applyRule, previewOf } from '../../project/metadata/rule';
import { checkFindings } from '../../project/labels/findings';
import type { ProjectSession } from './session';

export interface NewProject {
  readonly name: string;
  readonly folder: string;
  readonly task: Task;
  readonly findings: readonly z.infer<typeof NewFinding>[];
  readonly encoder: string;
  /** Default: all. */
  readonly frames?: FrameChoice | undefined;
  readonly metadata?: MetadataRule | undefined;
}

/** The projects of a profile: one folder each. summary.json is what the welcome page shows; it is derived and may be lost. */
export class ProjectLibrary {
  readonly #folder: string;
  readonly #annotator: () => string;

  constructor(profile: string, annotator: () => string) {
    this.#folder = join(profile, 'projects');
    this.#annotator = annotator;
  }

  folderOf(id: string): string {
    return join(this.#folder, id);
  }

  /** Most recently opened first. */
  async list(): Promise<ProjectSummary[]> {
    const entries = await readdir(this.#folder, { withFileTypes: true }).catch(() => []);
    const summaries = await Promise.all(entries.filter((entry) => entry.isDirectory()).map((entry) => this.#summary(entry.name)));
    return summaries.flatMap((summary) => summary ?? []).sort((a, b) => b.opened.localeCompare(a.opened));
  }

  async create(request: NewProject): Promise<Result<Project>> {
    if (request.name.trim() === '') return fail('project-invalid', { reason: 'it has no name' });
    const findings = checkFindings(request.task, request.findings);
    if (!findings.ok) return findings;
    const folder = resolve(request.folder);
    if (!(await reachable(folder))) return fail('folder-missing', { folder });

    const id = ulid();
    const annotator = { id: ulid(), name: this.#annotator() };
    const project: Project = {
      id,
      name: request.name.trim(),
      schema: SCHEMA,
      roots: [{ id: ulid(), path: folder }],
      task: request.task,
      findings: request.findings.map((finding) => ({ id: ulid(), ...finding, name: finding.name.trim() })),
      encoder: request.encoder,
      ...(request.metadata ? { metadata: request.metadata } : {}),
      seed: 0,
      audit: { share: 0.15, from: 30 },
      annotators: [annotator],
      frames: request.frames ?? 'all',
      created: new Date().toISOString(),
    };
    const journal = await Journal.open(this.folderOf(id), { create: true });
    if (!journal.ok) return journal;
    const written = await journal.value.append({ id: ulid(), annotator: annotator.id, time: project.created, kind: 'project', project });
    await journal.value.close();
    if (!written.ok) return written;
    const { name, task, encoder, created } = project;
    await this.#write({ id, name, folder, task, encoder, images: 0, labelled: 0, opened: created });
    return ok(project);
  }

  /** To the system's bin, so that a wrong click costs nothing. */
  async remove(id: string): Promise<Result<void>> {
    try {
      await shell.trashItem(this.folderOf(id));
      return ok();
    } catch (error) {
      return fail('write-failed', { file: this.folderOf(id), reason: error instanceof Error ? error.message : String(error) });
    }
  }

  async note(session: ProjectSession): Promise<void> {
    const { project } = session;
    const labelled = annotatorState(session.state, session.annotator.id).cells.size;
    const folder = project.roots[0]?.path ?? '';
    const images = session.images().length;
    await this.#write({
      id: project.id,
      name: project.name,
      folder,
      task: project.task,
      encoder: project.encoder,
      images,
      labelled,
      opened: new Date().toISOString(),
    });
  }

  async #summary(id: string): Promise<ProjectSummary | null> {
    try {
      const stored = Stored.parse(JSON.parse(await readFile(join(this.folderOf(id), 'summary.json'), 'utf8')));
      return { ...stored, missing: !(await reachable(stored.folder)) };
    } catch {
      return this.#summaryFromJournal(id);
    }
  }

  async #summaryFromJournal(id: string): Promise<ProjectSummary | null> {
    if (!(await exists(join(this.folderOf(id), 'journal.jsonl')))) return null;
    const journal = await Journal.open(this.folderOf(id));
    if (!journal.ok) return null;
    const { state } = journal.value;
    await journal.value.close();
    const { project } = state;
    const annotator = project?.annotators[0];
    const folder = project?.roots[0]?.path;
    if (!project || !annotator || folder === undefined) return null;
    const labelled = annotatorState(state, annotator.id).cells.size;
    const { name, task, encoder, created } = project;
    const summary = { id, name, folder, task, encoder, images: state.images.size, labelled, opened: created };
    await this.#write(summary);
    return { ...summary, missing: !(await reachable(folder)) };
  }

  async #write(summary: z.infer<typeof Stored>): Promise<void> {
    await saveFile(join(this.folderOf(summary.id), 'summary.json'), JSON.stringify(summary));
  }
}

const Stored = ProjectSummary.omit({ missing: true });

/** The image files of a folder as far as they are seen in `milliseconds`; `frames`: those of a format that may hold several. */
async function firstLook(folder: string, milliseconds: number): Promise<Result<{ paths: string[]; frames: string[]; more: boolean }>> {
  const stop = AbortSignal.timeout(milliseconds);
  const paths: string[] = [];
  const frames: string[] = [];
  for await (const found of scanFolder(folder, { signal: stop })) {
    // Out of time: what was seen by then is answer enough.
    if (!found.ok && stop.aborted) break;
    if (!found.ok) return found;
    for (const entry of found.value) {
      if (entry.kind === 'skipped') continue;
      paths.push(entry.path);
      if (entry.format === 'DICOM' || entry.format === 'TIFF') frames.push(entry.path);
    }
  }
  return ok({ paths, frames, more: stop.aborted });
}

/** What a first look at a folder finds. `frames`: whether there are files with several frames. */
export interface FolderLook {
  readonly images: number;
  readonly more: boolean;
  readonly examples: string[];
  readonly frames: 'none' | 'possible' | 'found';
}

/** Files that are opened to see whether they hold several frames. */
const TRIED = 8;

/**
 * A first look at a folder: how many images, a few names, and whether some hold several frames (`framesIn` a file; it may give up).
 * The scan and the files that are opened have `milliseconds` each.
 */
export async function inspectFolder(
  folder: string,
  milliseconds: number,
  framesIn: (file: string, signal: AbortSignal) => Promise<number>,
): Promise<Result<FolderLook>> {
  const look = await firstLook(folder, milliseconds);
  if (!look.ok) return look;
  const { paths, frames: candidates, more } = look.value;
  const step = Math.max(1, Math.floor(candidates.length / TRIED));
  const tried = candidates.filter((_, at) => at % step === 0).slice(0, TRIED);
  const late = AbortSignal.timeout(milliseconds);
  const counts = await Promise.all(tried.map((path) => framesIn(join(folder, path), late)));
  const frames = counts.some((count) => count > 1) ? 'found' : candidates.length > 0 ? 'possible' : 'none';
  return ok({ images: paths.length, more, examples: paths.slice(0, 3), frames });
}

/** What a rule would yield of a folder that is no project yet. */
export async function previewOfFolder(folder: string, rule: MetadataRule, milliseconds: number): Promise<Result<MetadataPreview>> {
  const look = await firstLook(folder, milliseconds);
  if (!look.ok) return look;
  const applied = await applyRule(rule, look.value.paths);
  return applied.ok ? ok(previewOf(applied.value, look.value.paths)) : applied;
}
