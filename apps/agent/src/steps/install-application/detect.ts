import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Detection, isDetectionScript } from '@muster/sequence/applications/application.js';
import type { Truth } from '@muster/sequence/conditions/evaluate.js';
import type { StepContext } from '../executor.js';
import { captureProcess } from './captured-process.js';

const defaultTimeoutSeconds = 60;

/**
 * Is something installed? A condition is decided as the engine would. A script, from content.md 1.1:
 *
 * | exit code | standard error | standard output | answer |
 * |---|---|---|---|
 * | not 0, or killed, or not started | any | any | unknown |
 * | 0 | something | any | unknown |
 * | 0 | nothing | something | true |
 * | 0 | nothing | nothing | false |
 */
export async function detect(detection: Detection, context: StepContext): Promise<Truth> {
  context.signal.throwIfAborted();
  if (!isDetectionScript(detection)) return context.decide(detection);
  const folder = mkdtempSync(join(context.folder, 'detection-'));
  try {
    const file = join(folder, 'script');
    writeFileSync(file, detection.script, { mode: 0o600 });
    const end = await captureProcess(
      {
        command: detection.interpreter ?? 'sh',
        arguments: detection.interpreter === 'pwsh' ? ['-NoProfile', '-NonInteractive', '-File', file] : [file],
        workingDirectory: folder,
        environment: context.exportedVariables,
        timeoutSeconds: detection.timeoutSeconds ?? defaultTimeoutSeconds,
        marker: context.marker,
        secrets: () => context.secrets,
        signal: context.signal,
      },
      folder,
    );
    context.signal.throwIfAborted();
    if (end.error || end.exitCode !== 0 || end.stderr.trim() !== '') return 'unknown';
    return end.stdout.trim() !== '';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
