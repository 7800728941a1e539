import type { ProbeAnswer, WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import { ProbeError } from '../probe-error.js';
import { type System, thisSystem } from '../../facts/system.js';
import { askPowerShell } from './powershell.js';

/** A WMI query returns at least one row. On Windows only. Never run on a real Windows yet. */
export async function probeWmi(
  { wmi, namespace }: WorldExpressionOf<'wmi'>,
  system: System = thisSystem,
): Promise<ProbeAnswer> {
  if (system.platform !== 'win32')
    throw new ProbeError(
      'condition.kind-unsupported',
      'WMI can be queried on Windows only; a facts query asks the like',
    );
  const script =
    '$rows = @(Get-CimInstance -Namespace $env:MUSTER_NAMESPACE -Query $env:MUSTER_QUERY | Select-Object -First 1); ' +
    '@{ rows = $rows.Count } | ConvertTo-Json -Compress';
  const values = { MUSTER_NAMESPACE: (namespace ?? 'root\\cimv2').replaceAll('/', '\\'), MUSTER_QUERY: wmi };
  const answer = (await askPowerShell(script, values, system)) as { rows?: unknown } | null;
  if (typeof answer?.rows !== 'number') throw new ProbeError('condition.probe-failed', 'PowerShell told no rows');
  return { result: answer.rows > 0, actual: answer.rows > 0 ? 'rows' : 'no rows' };
}
