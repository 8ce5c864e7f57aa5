import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseYaml } from '../../src/config/yaml/writtenYaml.ts';
import { YamlEditor } from '../../src/config/yaml/yamlEditor.ts';

const ENTRIES = [
  'id: a',
  'id: "a # b"',
  "id: 'it''s'\n  tags: {t: x}",
  '{id: a, tags: { t: [x] }}',
  '{ id: a }',
  'id: |\n    x\n    y',
  'id: 0x1f\n  # about tags\n  tags:\n    t: x',
];
const COMMENTS = ['', '', '\n', '# about it\n', '# - id: gone\n\n'];

/** A list with one entry per line, and the comments and blanks that a person may write around entries. */
const inLines = fc
  .record({
    entries: fc.array(
      fc.record({
        entry: fc.constantFrom(...ENTRIES),
        before: fc.constantFrom(...COMMENTS),
        after: fc.constantFrom('', ' # x'),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    indent: fc.constantFrom('', '  ', '     '),
    key: fc.constantFrom('keys:', '"keys":', 'keys: # all', 'keys: &k', 'keys:   '),
  })
  .map(({ entries, indent, key }) => {
    const lines = entries.map(({ entry, before, after }) => {
      const [first = '', ...more] = entry.split('\n');
      const comment = first.endsWith('|') ? '' : after;
      return before + [`- ${first}${comment}`, ...more].join('\n') + '\n';
    });
    const list = lines.join('').replaceAll(/^(?=.)/gm, `  ${indent}`);
    return { list: `  ${key}\n${list}`, count: entries.length };
  });

const FLOW_ENTRIES = ['{id: a}', '{ id: b }', '"c, d"', "'e'", 'f', '[g,h]'];

/** A list in brackets. */
const inBrackets = fc
  .record({
    entries: fc.array(fc.constantFrom(...FLOW_ENTRIES), { maxLength: 4 }),
    glue: fc.constantFrom(', ', ',', ' , ', ',\n    ', ', # x\n    '),
    pad: fc.constantFrom('', ' ', '\n    '),
    comma: fc.boolean(),
  })
  .map(({ entries, glue, pad, comma }) => {
    const end = comma && entries.length > 0 ? ',' : '';
    return {
      list: `  keys: [${pad}${entries.join(glue)}${end}${pad}]${pad.includes('\n') ? '' : ' # keys'}\n`,
      count: entries.length,
    };
  });

const file = fc
  .record({
    list: fc.oneof(inLines, inBrackets),
    mark: fc.constantFrom('', '\uFEFF'),
    head: fc.constantFrom('', '# head\n\n', 'log:   {level: info}   # log\n', '%YAML 1.2\n---\n'),
    before: fc.constantFrom('', '  name:   "x"\n', '  tags: {a:  b}\n'),
    tail: fc.constantFrom('', '\n# end\n', '  other: [x,y]\n', 'log2: >-\n  a\n  b\n', '...\n'),
    crlf: fc.boolean(),
    isEnded: fc.boolean(),
  })
  .map(({ list: { list, count }, mark, head, before, tail, crlf, isEnded }) => {
    const text = `${mark}${head}store:\n${before}${list}${tail}`;
    const ended = isEnded ? text : text.trimEnd();
    return { text: crlf ? ended.replaceAll('\n', '\r\n') : ended, count };
  });

interface Store {
  readonly store: { readonly keys: unknown[] };
}

function edit(text: string, change: (yaml: YamlEditor) => void): string {
  const yaml = new YamlEditor(parseYaml('test.yaml', text));
  change(yaml);
  return yaml.text;
}

/** Whether inserting one piece into the shorter text makes the longer one. */
function differsInOnePiece(shorter: string, longer: string): boolean {
  let start = 0;
  while (start < shorter.length && shorter[start] === longer[start]) start++;
  return longer.endsWith(shorter.slice(start));
}

it('adding an entry inserts it, and changes nothing else', () => {
  fc.assert(
    fc.property(file, ({ text, count }) => {
      const after = edit(text, (yaml) => {
        yaml.addToList(['store', 'keys'], { id: 'new', label: 'x, y' });
      });
      const { store } = parse(text) as Store;
      expect((parse(after) as Store).store.keys).toEqual([...store.keys, { id: 'new', label: 'x, y' }]);
      // An empty list in brackets becomes a list in lines.
      if (count > 0) expect(differsInOnePiece(text, after)).toBe(true);
      expect(after.endsWith('\n')).toBe(text.endsWith('\n'));
      expect(after.replaceAll('\r\n', '').includes('\n')).toBe(text.replaceAll('\r\n', '').includes('\n'));
    }),
    { numRuns: 1_000 },
  );
});

it('removing an entry deletes it, and changes nothing else', () => {
  fc.assert(
    fc.property(file, fc.nat(3), ({ text, count }, choice) => {
      fc.pre(count > 0);
      const index = choice % count;
      const after = edit(text, (yaml) => {
        yaml.remove(['store', 'keys', index]);
      });
      const { store } = parse(text) as Store;
      expect((parse(after) as Store).store.keys).toEqual(store.keys.toSpliced(index, 1));
      // Removing the only entry in lines leaves brackets.
      if (count > 1) expect(differsInOnePiece(after, text)).toBe(true);
      for (const comment of ['# about it', '# head', '# end', '# keys', '# all', '# - id: gone']) {
        expect(after.split(comment)).toHaveLength(text.split(comment).length);
      }
      if (text.endsWith('\n')) expect(after.endsWith('\n')).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});
