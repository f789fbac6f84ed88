/** Light by default, dark where the reader prefers it. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1b2330;--soft:#5b6677;--line:#e3e7ee;--card:#f7f8fb;--active:#2f7d4f;--draining:#a9d8b8;--draining-ink:#1d4b30;--disabled:#c3c9d4;--disabled-ink:#3d4654;--deletion:#eceff4;--bad:#c8102e;--bad-soft:#fdecee;--good-soft:#eef8f1;--good:#1f7a45;--alias:#1b2a8a;--casing:#fff;--moment:#7a5cff}
@media (prefers-color-scheme:dark){:root{--paper:#11151c;--ink:#e8ecf3;--soft:#9aa6b8;--line:#2a3240;--card:#181e28;--active:#3c9c64;--draining:#29573b;--draining-ink:#cdebd7;--disabled:#3a4353;--disabled-ink:#c9d1de;--deletion:#202835;--bad:#ff5c72;--bad-soft:#2a171d;--good-soft:#15231b;--good:#5fce8c;--alias:#aebcff;--casing:#11151c;--moment:#a996ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1180px;margin:0 auto;padding:28px 30px 48px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px}
h2{font-size:20px;margin:26px 0 0}
h2 span{color:var(--soft);font-weight:400}
p{margin:6px 0}
.lead{color:var(--soft);font-size:16.5px}
svg{display:block;width:100%;height:auto;margin:10px 0 4px;font-family:inherit}
.legend{display:flex;flex-wrap:wrap;gap:6px 16px;margin:14px 0 0;padding:0;list-style:none;font-size:14px;color:var(--soft)}
.legend li{display:flex;align-items:center;gap:7px}
.legend i{display:inline-block;width:26px;height:13px;border-radius:3px}
.legend i.active{background:var(--active)}.legend i.draining{background:var(--draining)}.legend i.disabled{background:var(--disabled)}.legend i.deletion{background:var(--deletion);outline:1px dashed var(--soft);outline-offset:-1px}
.legend i.alias{height:4px;background:var(--alias)}.legend i.wrong{border:2px solid var(--bad);background:var(--bad-soft)}.legend i.failed{width:3px;height:16px;background:var(--bad)}
.grid{stroke:var(--line)}.axis{fill:var(--soft);font-size:13px}
.lane{stroke:var(--line)}.lane.good{fill:var(--good-soft)}.lane.bad{fill:var(--bad-soft)}
.name{fill:var(--ink);font-size:20px;font-weight:700}.verdict{font-size:14px;font-weight:600}.verdict.good{fill:var(--good)}.verdict.bad{fill:var(--bad)}
.version,.row-name{fill:var(--soft);font-size:13px}.version{font-weight:600}
.bar.made{fill:var(--deletion)}.bar.active{fill:var(--active)}.bar.draining{fill:var(--draining)}.bar.disabled{fill:var(--disabled)}.bar.deletion{fill:var(--deletion);stroke:var(--soft);stroke-dasharray:3 3}
.bar-text{font-size:11.5px}.bar-text.active{fill:none}.bar-text.made{fill:none}.bar-text.draining{fill:var(--draining-ink)}.bar-text.disabled{fill:var(--disabled-ink)}.bar-text.deletion{fill:var(--soft)}
.alias{fill:none;stroke:var(--alias);stroke-width:3.5}.alias-casing{fill:none;stroke:var(--casing);stroke-width:7;opacity:.75}.alias-dot{fill:var(--alias);stroke:var(--casing);stroke-width:1.5}
.moment{stroke:var(--moment);stroke-width:1.5;stroke-dasharray:5 4}.moment-text{fill:var(--moment);font-size:13.5px;font-weight:600}
.wrong{fill:none;stroke:var(--bad);stroke-width:2.5}.flag circle{fill:var(--bad)}.flag text{fill:var(--paper);font-size:12px;font-weight:700}
.label{fill:var(--bad-soft);stroke:var(--bad);stroke-width:1}.wrong-text{fill:var(--bad);font-size:13px;font-weight:700}
.calls{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:1 5}.failed{stroke:var(--bad);stroke-width:2.5}
section>code{display:block;text-align:right;color:var(--soft)}
.told{display:grid;grid-template-columns:1fr 1fr;gap:4px 26px;font-size:15px}.told b{white-space:nowrap}
.told .bad b{color:var(--bad)}.told .good b{color:var(--good)}
table{border-collapse:collapse;width:100%;margin:10px 0;font-size:15px}th,td{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--line)}td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
.meter{width:38%}.meter div{height:14px;border-radius:3px;background:var(--bad)}.meter div.none{background:var(--good);width:3px!important}
.score{font-weight:700}
code,pre{font:13.5px/1.55 ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace}pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 14px;overflow-x:auto;margin:8px 0}
@media (max-width:720px){.told{grid-template-columns:1fr}}
`;
