/**
 * Sets `workgroup` in the [global] section of a smb.conf: the last line that says it is changed, others of the section go,
 * and one is added where there is none. Everything else stays as it is, comments too.
 */
export function withWorkgroup(text: string, workgroup: string): string {
  const lines = text.split('\n');
  const sections = lines.map((line) => /^\s*\[\s*(.*?)\s*\]/.exec(line)?.[1]?.toLowerCase());
  const start = sections.indexOf('global');
  const setting = `   workgroup = ${workgroup}`;
  if (start < 0) return `[global]\n${setting}\n${text}`;
  const next = sections.findIndex((section, index) => index > start && section !== undefined);
  const end = next < 0 ? lines.length : next;
  const isSetting = (line: string): boolean => /^\s*workgroup\s*=/i.test(line);
  const last = lines.findLastIndex((line, index) => index > start && index < end && isSetting(line));
  const kept = lines.flatMap((line, index) => {
    if (index === start && last < 0) return [line, setting];
    if (index === last) return [line.replace(/=.*$/, () => `= ${workgroup}`)];
    return index > start && index < end && isSetting(line) ? [] : [line];
  });
  return kept.join('\n');
}
