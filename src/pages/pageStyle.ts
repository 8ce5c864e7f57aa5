/** The style sheet of all pages: no fonts, images or scripts from anywhere. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f6f7f9, #14171c);
  --card: light-dark(#ffffff, #1c2027);
  --ink: light-dark(#1b2430, #e4e8ee);
  --muted: light-dark(#5d6876, #97a1af);
  --line: light-dark(#dfe3e8, #303640);
  --pass: light-dark(#1a7f4b, #4cc38a);
  --fail: light-dark(#c62f2f, #ff7b72);
  --skip: light-dark(#6b7684, #8b95a3);
  --bar: light-dark(#3b6fb6, #6ea3e8);
  --warn: light-dark(#8a5a00, #e0a83c);
  --tint: light-dark(#fdecec, #3a2023);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 28px; line-height: 1.25; margin: 4px 0 8px; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 44px 0 4px; }
p { margin: 0; }
code { font: 13px/1.5 ui-monospace, 'Cascadia Mono', Menlo, Consolas, monospace; overflow-wrap: anywhere; }
a { color: inherit; }
.kicker { text-transform: uppercase; letter-spacing: .08em; font-size: 12px; font-weight: 600; color: var(--muted); }
.muted { color: var(--muted); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.verdict { margin-top: 28px; padding: 22px 24px; border-left: 6px solid var(--pass); }
.verdict.fail { border-left-color: var(--fail); }
.verdict h2 { font-size: 22px; margin: 0; line-height: 1.3; }
.charts { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; margin: 14px 0; }
.chart { padding: 16px 18px 10px; }
.chart h3 { margin: 0; font-size: 15px; }
.chart h3 span { font-weight: 400; font-size: 13px; margin-left: 6px; }
.figures { display: flex; flex-wrap: wrap; gap: 0 16px; margin: 2px 0 6px; font-size: 13px; color: var(--muted); font-variant-numeric: tabular-nums; }
.figures span { white-space: nowrap; }
.figures b { color: var(--ink); white-space: normal; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 11px; fill: var(--muted); }
svg .limit-label { fill: var(--fail); }
svg .bar { fill: var(--bar); } svg .slow { fill: var(--fail); } svg .over { fill: var(--tint); }
svg .grid { stroke: var(--line); stroke-width: .6; } svg .axis { stroke: var(--muted); }
svg .limit { stroke: var(--fail); stroke-dasharray: 4 3; stroke-width: 1.2; }
section > .card + .card { margin-top: 12px; }
.outcome { font-weight: 600; font-size: 13px; white-space: nowrap; }
.outcome.pass { color: var(--pass); } .outcome.fail { color: var(--fail); } .outcome.blocked, .outcome.skipped { color: var(--skip); }
footer { margin-top: 44px; color: var(--muted); font-size: 13px; }
.outcome.warn { color: var(--warn); }
.verdict.warn { border-left-color: var(--warn); }
section > h2 + .card, section > h2 + .cards { margin-top: 14px; }
.cards { display: grid; gap: 16px; }
.pad { padding: 16px 20px; }
.pad h3 { margin: 0 0 4px; font-size: 16px; overflow-wrap: anywhere; }
.pad h4 { margin: 14px 0 2px; font-size: 13px; font-weight: 600; color: var(--muted); }
.figures { font-size: 13px; }
.list { margin: 10px 0 0; padding: 0; list-style: none; }
.list li { padding: 6px 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.list li:first-child { border-top: 0; }
.table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
/* One long text must not squeeze the other columns: their words would break. */
.table th, .table td { min-width: 5.5em; max-width: 20em; padding: 8px 14px; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
.table tr + tr, .table tbody tr { border-top: 1px solid var(--line); }
.table thead th { font-size: 13px; font-weight: 600; color: var(--muted); }
.table tbody th { min-width: 9em; font-weight: 600; }
.table time { white-space: nowrap; }
.live { max-width: 1000px; margin: 0 auto; padding: 12px 24px 0; font-size: 13px; color: var(--muted); }
.live + main { padding-top: 12px; }
.stale .live { color: var(--fail); font-weight: 600; }
.stale main { filter: grayscale(1); }
.plain { --look: var(--bar); } .pass { --look: var(--pass); } .fail { --look: var(--fail); } .warn { --look: var(--warn); } .quiet { --look: var(--skip); }
.key { display: inline-block; width: 10px; height: 10px; margin-right: 5px; border-radius: 2px; background: var(--look); }
svg .area { fill: var(--look); }
svg .curve { fill: none; stroke: var(--look); stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
button { padding: 3px 12px; overflow-wrap: normal; border: 1px solid var(--line); border-radius: 6px; background: var(--page); color: var(--ink); font: inherit; font-size: 13px; cursor: pointer; }
button:disabled { color: var(--muted); cursor: not-allowed; }
button[type=submit] { border-color: var(--bar); font-weight: 600; }
.actions + .cards { margin-top: 14px; }
.actions { margin-top: 10px; display: flex; flex-wrap: wrap; gap: 8px; }
dialog { width: min(34em, 94vw); color: var(--ink); background: var(--card); }
dialog h2 { margin: 0 0 8px; overflow-wrap: anywhere; }
dialog form > p { margin-top: 10px; }
dialog::backdrop { background: rgb(0 0 0 / 45%); }
.field label { display: block; font-size: 13px; }
.field input, .field select, .field textarea { width: 100%; padding: 5px 8px; border: 1px solid var(--muted); border-radius: 6px; background: var(--page); color: var(--ink); font: inherit; }
.said { overflow-wrap: anywhere; font-size: 13px; }
.said.fail { color: var(--fail); font-weight: 600; }
button.outcome { padding: 0; border: 0; background: none; font: inherit; font-weight: 600; font-size: 13px; cursor: help; text-decoration: underline dotted; }
h3:has(.hint) { position: relative; }
.tip { position: absolute; z-index: 1; left: 0; top: 100%; width: min(26em, 100%); padding: 10px 14px; font-size: 13px; font-weight: 400; visibility: hidden; }
body:not(.without-tips) :is(.hint:hover, .hint:focus-within) .tip { visibility: visible; }
form[aria-busy=true] button[type=submit] { color: var(--muted); cursor: progress; }
meter { width: 100%; height: 10px; }
:focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; }
@media (max-width: 720px) {
  main { padding: 24px 16px 48px; }
  .live { padding: 12px 16px 0; }
  .charts { grid-template-columns: 1fr; }
  .facts { grid-template-columns: 1fr; }
  .facts dd { margin-bottom: 4px; }
  svg.time text { font-size: 15px; }
  .table thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .table tr, .table td, .table th { display: block; max-width: none; }
  .table tr { padding: 8px 0; }
  .table th, .table td { padding: 2px 16px; }
  .table td[data-name]::before { content: attr(data-name) ": "; color: var(--muted); }
}
`;
