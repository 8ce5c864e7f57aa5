export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9.e+-]+|[+-]Inf)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/y;

/** Parses Prometheus's text format. Throws at an invalid line. */
export function parseExposition(text: string): Sample[] {
  const lines = text.split('\n').filter((line) => line !== '' && !/^# (HELP|TYPE) /.test(line));
  return lines.map((line) => {
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? refuse(line);
    return { name, labels: parseLabels(labels), value: Number(value.replace('Inf', 'Infinity')) };
  });
}

/** The value of the only sample with this name and at least these labels. */
export function valueOf(samples: readonly Sample[], name: string, labels: Sample['labels'] = {}): number | undefined {
  const found = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  if (found.length > 1) throw new Error(`There are ${found.length} of ${name} ${JSON.stringify(labels)}.`);
  return found[0]?.value;
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, label = '', value = ''] = LABEL.exec(text) ?? refuse(text);
    labels[label] = value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
  }
  return labels;
}

function refuse(text: string): never {
  throw new Error(`Not in Prometheus's text format: ${JSON.stringify(text)}`);
}
