import { sealedSecretName } from '@muster/sequence/edit/sealed-reference.js';

/*
 * Secrets never leave the import. Those that a step type declares, or a name gives away, are dropped by their mapping; what stands
 * in free text (command lines, arguments, scripts) is found here by the ways in which people write it. This errs towards too much.
 */

/** Does a name say that its value is a password, a PIN or a product key? */
export function isSecretName(name: string): boolean {
  if (/^(random|create|skip)/i.test(name)) return false;
  return /(password|passwd|passphrase|pwd|productkey|apikey|secret|^pin)$/i.test(name) || /(PIN|[a-z_]Pin)$/.test(name);
}

/** Values that a secret has when it is none: empty, a switch, or a variable that holds it; what was sealed is one. */
export function isNoSecret(value: string): boolean {
  if (sealedSecretName(value) !== undefined) return false;
  return (
    /^\s*$/.test(value) ||
    /^(true|false|yes|no|ad|none|prompt|default)$/i.test(value.trim()) ||
    /^%[^%\s]+%$/.test(value.trim())
  );
}

const value = String.raw`("[^"\r\n]{1,500}"|'[^'\r\n]{1,500}'|[^\s"'|&<>]{1,500})`;
const literal = String.raw`("[^"\r\n]{1,500}"|'[^'\r\n]{1,500}')`;
const word = String.raw`(?:password|passwd|passphrase|pwd|secret|productkey|apikey)`;

/** Each leaves what stands before the secret in group 1 and the secret, perhaps in quotes, in group 2. */
const patterns: readonly RegExp[] = [
  // -Password x, /password:x, --secret=x
  new RegExp(String.raw`([-/][A-Za-z]{0,40}(?:${word}|(?<=[-/])pin)["']?[ \t]{0,5}[:= \t][ \t]{0,5})${value}`, 'gi'),
  // $password = "x"
  new RegExp(String.raw`(\$?[A-Za-z_]{0,40}${word}["']?\s{0,5}=\s{0,5})${literal}`, 'gi'),
  // "password": "x"
  new RegExp(String.raw`(["'][A-Za-z_]{0,40}${word}["']\s{0,5}:\s{0,5})${literal}`, 'gi'),
  new RegExp(String.raw`(ConvertTo-SecureString\s{1,5}(?:-String\s{1,5})?)${literal}`, 'gi'),
  // reg add … /v DefaultPassword … /d x
  new RegExp(String.raw`(/v\s{1,5}"?[A-Za-z]{0,40}${word}"?\s[^\r\n]{0,100}?/d\s{1,5})${value}`, 'gi'),
  // net user NAME x
  new RegExp(
    String.raw`(\bnet1?(?:\.exe)?\s{1,5}user\s{1,5}(?:"[^"\r\n]{1,200}"|[^\s"/]{1,200})\s{1,5})${value}`,
    'gi',
  ),
  // https://user:x@host
  new RegExp(String.raw`(\b[A-Za-z]{2,10}://[^\s/:@"']{1,100}:)([^\s/@"']{1,100})(?=@)`, 'g'),
];
/** A text without any of these fits no pattern, and most texts have none. */
const suspicious =
  /password|passwd|passphrase|pwd|secret|productkey|apikey|pin|securestring|user|:\/\/|[A-Z0-9]{5}-[A-Z0-9]{5}-/i;
/** There `$name` and `(Get-It)` are no secrets but where they come from; in a command line of Windows they are what they are. */
const powerShell =
  /powershell|pwsh|[\r\n]|\$(true|false|null|env:|\w{1,40}\s*=)|\b[A-Z][a-z]{1,20}-[A-Z][A-Za-z]{1,40}\b/;
const productKey = /\b(?:[A-Z0-9]{5}-){4}[A-Z0-9]{5}\b/g;

/**
 * Replaces the secrets in a text.
 *
 * @param replacement what stands in the place of a secret; called with it, without its quotes
 */
export function withoutSecrets(text: string, replacement: (secret: string) => string): string {
  if (!suspicious.test(text)) return text;
  let clean = text;
  const reference = powerShell.test(text) ? /^[%$@({[<*/\\-]/ : /^([%/\\-]|\*$)/;
  for (const pattern of patterns) {
    clean = clean.replace(pattern, (all: string, before: string, written: string) => {
      const quoteMark = /^["']/.exec(written)?.[0] ?? '';
      const secret = quoteMark === '' ? written : written.slice(1, -1);
      if (isNoSecret(secret) || reference.test(secret)) return all;
      return `${before}${quoteMark}${replacement(secret)}${quoteMark}`;
    });
  }
  return clean.replace(productKey, (key) => (/[A-Z]/.test(key) ? replacement(key) : key));
}
