import type { Condition } from '@muster/sequence/conditions/model.js';
import { attribute, childrenNamed, type XmlElement } from '../xml/xml-element.js';
import { parameters } from './expressions.js';
import { lookup } from '../lookup.js';

/**
 * One `osExpressionGroup` as an `os` expression, when all that its queries ask is what its platform keys say: system, version,
 * architecture. Client or server is no part of `os`, so that stays a query beside it. Undefined when a query asks for more.
 */
export function mapOsGroup(group: XmlElement): Condition | undefined {
  const keys = childrenNamed(group, 'platformkey');
  const [key] = keys;
  if (key === undefined || keys.length > 1 || !/^win_nt$/i.test(attribute(key, 'type') ?? '')) return undefined;
  const terms = childrenNamed(group, 'expression').map((expression) => queryTerms(parameters(expression)));
  if (terms.length !== group.children.length - keys.length || terms.some((one) => one === undefined)) return undefined;
  const products = terms.flatMap((one) => one ?? []);
  const architecture = lookup(architectures, (attribute(key, 'arch') ?? '').toLowerCase());
  const minimumVersion = versionOf(attribute(key, 'minver') ?? '');
  const maximumVersion = versionOf(attribute(key, 'maxver') ?? '');
  if (architecture === undefined || minimumVersion === undefined || maximumVersion === undefined) return undefined;
  const os: Condition = { os: 'windows', minimumVersion, maximumVersion, architecture };
  if (products.length === 0) return os;
  const wmi = `SELECT * FROM Win32_OperatingSystem WHERE ${products.join(' AND ')}`;
  return { all: [os, { wmi }] };
}

const architectures: Readonly<Record<string, 'x64' | 'x86' | 'arm64'>> = {
  x64: 'x64',
  amd64: 'x64',
  x86: 'x86',
  i386: 'x86',
  arm64: 'arm64',
};

/** `10.00.17763.0` is 10.0.17763, `6.10.9999.9999` is 6.1: the second part counts tenths, nines and noughts mean any build. */
function versionOf(text: string): string | undefined {
  const [, major, minor, build] = /^(\d{1,3})\.(\d{2})\.(\d{1,5})\.\d{1,5}$/.exec(text) ?? [];
  if (major === undefined || minor === undefined || build === undefined) return undefined;
  const name = `${Number(major)}.${Math.trunc(Number(minor) / 10)}`;
  return /^(0+|9{4,5})$/.test(build) ? name : `${name}.${Number(build)}`;
}

const recognised = [
  /^Version\s+like\s+['"][\d.%[\]-]+['"]$/i,
  /^OSType\s*=\s*['"]?18['"]?$/i,
  /^OSArchitecture\s+like\s+['"](32|64|ARM)%?[\w%-]*['"]$/i,
];

/** The terms about client or server of a query that asks for nothing unknown; undefined for any other query. */
function queryTerms(given: ReadonlyMap<string, string>): string[] | undefined {
  const where = /^select\s+\*\s+from\s+Win32_OperatingSystem\s+where\s+(.{1,1000})$/i.exec(
    given.get('query') ?? '',
  )?.[1];
  if (where === undefined) return undefined;
  const products: string[] = [];
  for (const term of where.split(/\s+and\s+/i)) {
    const plain = term.trim();
    if (/^ProductType\s*(=|<>|!=|>)\s*['"]?\d['"]?$/i.test(plain)) products.push(plain);
    else if (!recognised.some((pattern) => pattern.test(plain))) return undefined;
  }
  return products;
}
