import { languageTag } from '@muster/sequence/conditions/language.js';
import { reasonOf } from '../../journal/journal-error.js';
import { ProbeError } from '../probe-error.js';
import type { System } from '../../facts/system.js';

/**
 * Runs a script in Windows PowerShell and reads the JSON that it prints. Values go in through the environment, never into the
 * text of the script. Never run on a real Windows yet.
 */
export async function askPowerShell(
  script: string,
  values: Readonly<Record<string, string>>,
  system: System,
): Promise<unknown> {
  const whole = `$ErrorActionPreference = 'Stop'; [Console]::OutputEncoding = [Text.Encoding]::UTF8; try { ${script} } catch { @{ problem = "$_" } | ConvertTo-Json -Compress }`;
  const encoded = Buffer.from(whole, 'utf16le').toString('base64');
  const args = ['-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-EncodedCommand', encoded];
  const output = await system.run('powershell', args, values);
  if (!output) throw new ProbeError('condition.probe-failed', 'there is no PowerShell on this computer');
  return readAnswer(output.standardOutput);
}

/** The JSON of a script's answer; `{problem}` becomes an error. */
export function readAnswer(text: string): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(text.replace(/^\uFEFF/, '').trim() || 'null');
  } catch (error) {
    throw new ProbeError('condition.probe-failed', `PowerShell answered no JSON: ${reasonOf(error)}`);
  }
  if (typeof answer === 'object' && answer !== null && 'problem' in answer)
    throw new ProbeError('condition.probe-failed', `PowerShell: ${String(answer.problem)}`);
  return answer;
}

/** The version in a file's resources, four numbers; undefined when it has none. */
export async function windowsFileVersion(file: string, system: System): Promise<string | undefined> {
  const script =
    '$v = (Get-Item -LiteralPath $env:MUSTER_PATH -Force).VersionInfo; ' +
    '@{ version = if ($v.FileVersion) { "$($v.FileMajorPart).$($v.FileMinorPart).$($v.FileBuildPart).$($v.FilePrivatePart)" } else { $null } } | ConvertTo-Json -Compress';
  const answer = (await askPowerShell(script, { MUSTER_PATH: file }, system)) as { version?: unknown } | null;
  return typeof answer?.version === 'string' ? answer.version : undefined;
}

/** Tag of the language of Windows (Win32_OperatingSystem.OSLanguage). */
export async function windowsLanguage(system: System): Promise<string | undefined> {
  const script = '@{ language = (Get-CimInstance Win32_OperatingSystem).OSLanguage } | ConvertTo-Json -Compress';
  const answer = (await askPowerShell(script, {}, system)) as { language?: unknown } | null;
  return languageTag(String(answer?.language ?? ''));
}
