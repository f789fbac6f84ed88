import type { DesignName } from '../../simulator/controls';
import type { Recording } from '../recording';
import { perThousand, type Result } from '../results';
import type { Situation } from '../situations';
import { drawing, STANDINGS } from './drawing';
import { escapeHtml } from './escape';
import { STYLE } from './style';

/** One situation, as it went under each of the designs that are compared. */
export interface Compared {
  readonly situation: Situation;
  readonly recordings: readonly { readonly design: DesignName; readonly recording: Recording }[];
}

export interface PageContent {
  readonly compared: readonly Compared[];
  /** Of the simulator; empty when none was given. */
  readonly results: readonly Result[];
  /** Where day 0 of the time axis is. */
  readonly zeroMs: number;
}

/** The whole page; it needs nothing but itself. */
export function page({ compared, results, zeroMs }: PageContent): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cron and keyturn: the same three accidents</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>The same three accidents: cron and keyturn</h1>
<p class="lead">Promised: one new key per window; old data decrypts for 4 days after the swap; then the old key is disabled, and deleted.</p>
${legend()}
${compared.map((one, index) => section(one, index + 1, zeroMs)).join('\n')}
${counted(results)}
</main>
</body>
</html>
`;
}

function legend(): string {
  const bars = (['active', 'draining', 'disabled', 'deletion'] as const).map((standing) => `<li><i class="${standing}"></i>${STANDINGS[standing]}</li>`);
  return `<ul class="legend">${bars.join('')}<li><i class="alias"></i>the alias points here</li><li><i class="wrong"></i>broken promise</li><li><i class="failed"></i>failed call</li></ul>`;
}

function section({ situation, recordings }: Compared, number: number, zeroMs: number): string {
  const { name, title, happens, wrong, keyturn, moments } = situation;
  return `<section id="${escapeHtml(name)}">
<h2>${number}. ${escapeHtml(title)} <span>${escapeHtml(happens)}</span></h2>
${drawing(recordings.map(({ design, recording }) => ({ name: design, recording })), moments, zeroMs)}
<div class="told"><p class="bad"><b>✕ cron</b> ${escapeHtml(wrong)}</p><p class="good"><b>✓ keyturn</b> ${escapeHtml(keyturn)}</p></div>
<code>npm run compare -- --only ${escapeHtml(name)}</code>
</section>`;
}

const WORDS: Readonly<Record<DesignName, string>> = { cron: 'a good script in the crontab of two pools', 'lease-lock': 'the same script under a lease in DynamoDB', keyturn: 'this product' };

function counted(results: readonly Result[]): string {
  const commands = (['cron', 'lease-lock', 'keyturn'] as const).map((design) => `npm run --silent simulate -- --design ${design} --runs 1000 --json > ${design}.json`);
  const how = `<pre>${escapeHtml([...commands, 'npm run compare -- --results cron.json lease-lock.json keyturn.json'].join('\n'))}</pre>`;
  const heading = '<h2>And at random: <span>runs in which a promise was broken, per 1,000 seeded runs with faults</span></h2>';
  if (results.length === 0) return `<section id="counted">${heading}<p>No figures were given to this page. They come from the simulator:</p>${how}</section>`;
  const rows = results.map((result) => {
    const value = perThousand(result);
    return `<tr><td><b>${result.design}</b><br>${WORDS[result.design]}</td><td class="meter"><div class="${value === 0 ? 'none' : 'some'}" style="width:${(value / 10).toFixed(1)}%"></div></td><td class="number score">${format(value)}</td><td class="number">${result.runs.toLocaleString('en')}</td><td class="number">${result.rotations.toLocaleString('en')}</td><td class="number">${result.faults.toLocaleString('en')}</td></tr>`;
  });
  return `<section id="counted">${heading}
<table><thead><tr><th>design</th><th></th><th class="number">per 1,000 runs</th><th class="number">runs</th><th class="number">rotations</th><th class="number">faults</th></tr></thead><tbody>${rows.join('')}</tbody></table>
<p>Counted by the simulator: same triggers, same kinds of faults, one checker. To count again:</p>${how}</section>`;
}

function format(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
