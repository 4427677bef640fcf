#!/usr/bin/env node
import { setMaxListeners } from 'node:events';
import { packageVersion } from './package';
import { run } from './program';

const stop = new AbortController();
// Every image that is under way listens.
setMaxListeners(0, stop.signal);
// The second Ctrl+C ends the process at once: outputs have their names only when they are whole.
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());
// A reader such as `head` may close the pipe early.
process.stdout.on('error', () => undefined);

const streams = {
  out: (text: string) => void process.stdout.write(text),
  err: { isTTY: process.stderr.isTTY, write: (text: string) => void process.stderr.write(text) },
};
process.exitCode = await run(process.argv.slice(2), streams, stop.signal, packageVersion());
