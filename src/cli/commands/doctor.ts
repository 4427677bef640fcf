import type { Command as Commander } from 'commander';
import { ok, type Result } from '../../contract/result';
import { examinations, type Finding } from '../engine/examinations';
import type { CommonOptions, Run } from '../options';
import { summary, type Session, type Summary } from '../session';

export function doctor(program: Commander, run: Run): void {
  program
    .command('doctor')
    .description('Check what this machine offers: runtime, encoder, tensor backend, decoder, memory, profile folder.')
    .action((options: CommonOptions) => run(options, examine));
}

async function examine(session: Session): Promise<Result<Summary>> {
  const findings: Finding[] = [];
  for (const examination of examinations) findings.push(...(await examination(session)));
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.map(({ what, state, text }) => `${state.padEnd(4)}  ${what.padEnd(width)}  ${text}`);
  return ok(summary(lines.join('\n'), { findings, warnings: findings.filter(({ state }) => state === 'warn').length }));
}
