/** The style sheet of the HTML reports: no fonts, images or scripts from anywhere. */
export const REPORT_STYLE = `
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
.totals { display: grid; grid-template-columns: 1fr 1fr; gap: 28px; margin-top: 18px; }
.totals h3 { margin: 0 0 6px; font-size: 14px; }
.stack { display: flex; gap: 2px; height: 10px; margin-bottom: 8px; }
.stack span { border-radius: 3px; }
.stack .pass { background: var(--pass); } .stack .fail { background: var(--fail); } .stack .blocked { background: var(--skip); } .stack .skipped { background: var(--line); }
.counts { display: flex; gap: 18px; font-variant-numeric: tabular-nums; }
.counts b { font-size: 20px; } .counts .fail b { color: var(--fail); } .counts .pass b { color: var(--pass); }
.failures { margin: 12px 0 0; padding: 0; list-style: none; }
.failures li { padding: 10px 18px; border-top: 1px solid var(--line); display: grid; grid-template-columns: 76px 1fr; gap: 2px 12px; }
.failures li:first-child { border-top: 0; }
.failures p, .failures code { grid-column: 2; font-size: 13px; }
.level { font-size: 12px; font-weight: 600; letter-spacing: .04em; color: var(--muted); padding-top: 2px; }
.charts { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; margin-top: 14px; }
.chart { padding: 16px 18px 10px; }
.chart h3 { margin: 0; font-size: 15px; }
.chart h3 span { font-weight: 400; font-size: 13px; margin-left: 6px; }
.figures { display: flex; flex-wrap: wrap; gap: 0 16px; margin: 2px 0 6px; font-size: 13px; color: var(--muted); font-variant-numeric: tabular-nums; }
.figures span { white-space: nowrap; }
.figures b { color: var(--ink); }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 11px; fill: var(--muted); }
svg .limit-label { fill: var(--fail); }
svg .bar { fill: var(--bar); } svg .slow { fill: var(--fail); } svg .over { fill: var(--tint); }
svg .grid { stroke: var(--line); stroke-width: .6; } svg .axis { stroke: var(--muted); }
svg .limit { stroke: var(--fail); stroke-dasharray: 4 3; stroke-width: 1.2; }
section > .card + .card { margin-top: 12px; }
.bars { width: 100%; margin-top: 6px; border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
.bars th { width: 40%; padding: 2px 10px 2px 0; text-align: right; font-weight: 400; color: var(--muted); }
.bars td + td { width: 1%; padding-left: 8px; text-align: right; white-space: nowrap; }
.bars span { display: block; height: 12px; border-radius: 2px; background: var(--bar); }
.cases { margin-top: 12px; }
details { border-top: 1px solid var(--line); }
details:first-child { border-top: 0; }
summary { display: grid; grid-template-columns: 58px 68px 1fr max-content; gap: 0 10px; padding: 9px 18px; cursor: pointer; align-items: baseline; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary:hover { background: color-mix(in srgb, var(--line) 30%, transparent); }
summary .time { color: var(--muted); font-size: 13px; font-variant-numeric: tabular-nums; }
summary .time::after { content: " \\25be"; }
h2 .outcome { margin-left: 10px; }
.outcome { font-weight: 600; font-size: 13px; }
.outcome.pass { color: var(--pass); } .outcome.fail { color: var(--fail); } .outcome.blocked, .outcome.skipped { color: var(--skip); }
.body { padding: 2px 18px 16px 164px; }
footer { margin-top: 44px; color: var(--muted); font-size: 13px; }
@media (max-width: 720px) {
  .totals, .charts { grid-template-columns: 1fr; }
  .body { padding-left: 18px; }
  summary { grid-template-columns: 46px 62px 1fr; }
  summary .time { display: none; }
}
@media print { details > .body { display: block; } body { background: none; } }
`;
