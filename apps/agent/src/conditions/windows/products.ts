import { compareVersions } from '@muster/sequence/conditions/compare.js';
import type { WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import type { InstalledPackage } from '../package-manager.js';
import { System } from '../../facts/system.js';
import { askPowerShell } from './powershell.js';

/**
 * Installed products of Windows: by upgrade code (any version of the product), else by product code (this very version), else
 * by the name that the list of programs shows. Never run on a real Windows yet.
 */
export async function windowsProducts(
  { software, productCode, upgradeCode }: WorldExpressionOf<'software'>,
  system: System,
): Promise<InstalledPackage[]> {
  const values = {
    MUSTER_NAME: software,
    MUSTER_PRODUCT: productCode ?? '',
    MUSTER_UPGRADE: upgradeCode ?? '',
  };
  return productsIn(await askPowerShell(script, values, system));
}

/** Keys of both views; related products of an upgrade code by Windows Installer itself. */
const script = `
$keys = 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\*', 'HKLM:\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\*'
$all = @(Get-ItemProperty -Path $keys -ErrorAction SilentlyContinue)
if ($env:MUSTER_UPGRADE) {
  $codes = @((New-Object -ComObject WindowsInstaller.Installer).RelatedProducts($env:MUSTER_UPGRADE))
  $found = @($all | Where-Object { $codes -contains $_.PSChildName })
} elseif ($env:MUSTER_PRODUCT) {
  $found = @($all | Where-Object { $_.PSChildName -eq $env:MUSTER_PRODUCT })
} else {
  $found = @($all | Where-Object { $_.DisplayName -eq $env:MUSTER_NAME })
}
@{ versions = @($found | ForEach-Object { "$($_.DisplayVersion)" }) } | ConvertTo-Json -Compress
`;

/** What the script answers: the versions, empty where a product tells none. */
export function productsIn(answer: unknown): InstalledPackage[] {
  const versions: unknown =
    typeof answer === 'object' && answer !== null && 'versions' in answer ? answer.versions : [];
  if (!Array.isArray(versions)) return [];
  return versions.map((version: unknown) => ({
    version: typeof version === 'string' && version !== '' ? version : '0',
    compare: compareVersions,
  }));
}
