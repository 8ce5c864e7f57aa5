import { PAGE_STYLE } from '../pages/pageStyle.ts';

/** The style sheet of the HTML reports. */
export const REPORT_STYLE = `${PAGE_STYLE}
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
.body { padding: 2px 18px 16px 164px; }
@media print { details > .body { display: block; } body { background: none; } }
@media (max-width: 720px) {
  .totals { grid-template-columns: 1fr; }
  .body { padding-left: 18px; }
  summary { grid-template-columns: 46px 62px 1fr; }
  summary .time { display: none; }
}
`;
