import { parser } from '@prometheus-io/lezer-promql';

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly values: readonly string[] }[];
}

export interface Query {
  readonly selectors: readonly Selector[];
  /** Labels by which the expression groups or joins. */
  readonly grouping: readonly string[];
}

/** The metrics and labels that a PromQL expression uses. Throws if it is invalid. */
export function parsePromQl(expression: string): Query {
  const selectors: { metric: string; matchers: { label: string; values: string[] }[] }[] = [];
  const grouping: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to, node }) => {
      const text = expression.slice(from, to);
      if (type.isError) throw new Error(`Not PromQL, at ${from}: ${expression}`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') {
        selectors.push({ metric: text, matchers: [] });
      } else if (type.name === 'UnquotedLabelMatcher') {
        const [, label = '', value = ''] = /^(\w+)\s*[!=~]+\s*"([^"]*)"$/.exec(text) ?? [];
        selectors.at(-1)?.matchers.push({ label, values: value.split('|') });
      } else if (type.name === 'LabelName' && node.parent?.name === 'GroupingLabels') {
        grouping.push(text);
      }
    },
  });
  if (selectors.length === 0) throw new Error(`Asks for no metric: ${expression}`);
  return { selectors, grouping };
}
