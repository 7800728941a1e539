import { mkdtempSync, openSync, closeSync, fstatSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessOutcome, type ProcessRequest, runProcess } from '../child-process.js';

/** Bytes of each stream that are kept: enough for the list of all updates of a system. */
const keptBytes = 8 * 1024 * 1024;

/** Outcome of a process with what it said, the two streams apart; not masked, the beginning of each. */
export type CapturedOutcome = ProcessOutcome & { readonly stdout: string; readonly stderr: string };

/**
 * Runs a program like runProcess and keeps all it says, for executors that read it. The streams go through files: a shell
 * redirects them and then becomes the program. POSIX only. Exit code 127 is also a program that is not there.
 *
 * @param folder where the files are kept while it runs
 */
export async function captureProcess(request: ProcessRequest, folder: string): Promise<CapturedOutcome> {
  const temporary = mkdtempSync(join(folder, 'captured-'));
  const [out, err] = [join(temporary, 'out'), join(temporary, 'err')];
  try {
    const outcome = await runProcess({
      ...request,
      command: '/bin/sh',
      arguments: ['-c', redirect, 'sh', out, err, request.command, ...request.arguments],
    });
    return { ...outcome, stdout: readBeginning(out), stderr: readBeginning(err) };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

const redirect = 'out=$1; err=$2; shift 2; exec "$@" >"$out" 2>"$err"';

function readBeginning(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const bytes = Buffer.alloc(Math.min(fstatSync(file).size, keptBytes));
    let length = 0;
    for (let read = 1; read > 0 && length < bytes.length; length += read)
      read = readSync(file, bytes, length, bytes.length - length, length);
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}
