import { safeLine } from './safe-text.js';

/** A page for people: what is on it, before it is HTML or Markdown. */
export interface Page {
  readonly title: string;
  readonly sections: readonly PageSection[];
}

export interface PageSection {
  /** 2 or 3. */
  readonly level: number;
  readonly title: string;
  readonly text?: string;
  readonly list?: readonly string[];
  readonly table?: { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] };
}

/** A page as one HTML file that needs nothing else: no scripts, no addresses, so that it can be mailed and opened anywhere. */
export function htmlPage({ title, sections }: Page): string {
  const body = sections.map(htmlSection).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${html(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
th, td { border: 1px solid #ccc; padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #f0f0f0; }
h2 { margin-top: 2.5rem; border-bottom: 2px solid #ddd; }
</style>
</head>
<body>
<h1>${html(title)}</h1>
${body}
</body>
</html>
`;
}

function htmlSection({ level, title, text, list, table }: PageSection): string {
  const parts = [`<h${level}>${html(title)}</h${level}>`];
  if (text !== undefined) parts.push(`<p>${html(text)}</p>`);
  if (list) parts.push(`<ul>\n${list.map((one) => `<li>${html(one)}</li>`).join('\n')}\n</ul>`);
  if (table) {
    const row = (cells: readonly string[], tag: string): string =>
      `<tr>${cells.map((cell) => `<${tag}>${html(cell)}</${tag}>`).join('')}</tr>`;
    parts.push(
      `<table>\n${[row(table.header, 'th'), ...table.rows.map((cells) => row(cells, 'td'))].join('\n')}\n</table>`,
    );
  }
  return parts.join('\n');
}

function html(text: string): string {
  return safeLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** The same in Markdown, for a repository or a ticket. */
export function markdownPage({ title, sections }: Page): string {
  return [`# ${markdown(title)}`, ...sections.map(markdownSection)].join('\n\n').concat('\n');
}

function markdownSection({ level, title, text, list, table }: PageSection): string {
  const parts = [`${'#'.repeat(level)} ${markdown(title)}`];
  if (text !== undefined) parts.push(markdown(text));
  if (list) parts.push(list.map((one) => `- ${markdown(one)}`).join('\n'));
  if (table) {
    const row = (cells: readonly string[]): string => `| ${cells.map(markdown).join(' | ')} |`;
    parts.push([row(table.header), row(table.header.map(() => '---')), ...table.rows.map(row)].join('\n'));
  }
  return parts.join('\n\n');
}

/** Foreign text in Markdown: nothing in it is markup, a link or HTML. */
function markdown(text: string): string {
  return safeLine(text).replace(/[\\`*_{}[\]<>#|!&~]/g, (one) => `\\${one}`);
}
