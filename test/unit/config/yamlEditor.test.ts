import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../src/config/yaml/writtenYaml.ts';
import { YamlEditor } from '../../../src/config/yaml/yamlEditor.ts';

type Edit = (yaml: YamlEditor) => void;

function edited(text: string, edit: Edit): string {
  const yaml = new YamlEditor(parseYaml('test.yaml', text));
  edit(yaml);
  return yaml.text;
}

const add: Edit = (yaml) => {
  yaml.addToList(['store', 'keys'], { id: 'new' });
};
const remove =
  (index: number): Edit =>
  (yaml) => {
    yaml.remove(['store', 'keys', index]);
  };

describe('an entry is added', () => {
  it.each<[string, string, string]>([
    [
      'to a list in lines',
      'store:\n  keys:\n    - id: a # a\n      tags: {t: x}\n# end\n',
      'store:\n  keys:\n    - id: a # a\n      tags: {t: x}\n    - id: new\n# end\n',
    ],
    [
      'to a list without indentation',
      'store:\n  keys:\n  - id: a\nlog: {}\n',
      'store:\n  keys:\n  - id: a\n  - id: new\nlog: {}\n',
    ],
    [
      'to a list of maps in brackets',
      'store:\n   keys:\n     -   {id: a}   # a\n',
      'store:\n   keys:\n     -   {id: a}   # a\n     - { id: new }\n',
    ],
    [
      'before comments at the end',
      'store:\n  keys:\n  - id: a\n  # - id: b\n\n# end',
      'store:\n  keys:\n  - id: a\n  - id: new\n  # - id: b\n\n# end',
    ],
    [
      'to the end of a file without a line end',
      'store:\n  keys:\n  - id: a',
      'store:\n  keys:\n  - id: a\n  - id: new',
    ],
    [
      'after a text of several lines',
      'store:\n  keys:\n  - id: |\n      a\n\nlog: {}\n',
      'store:\n  keys:\n  - id: |\n      a\n  - id: new\n\nlog: {}\n',
    ],
    [
      'with CRLF',
      'store:\r\n  keys:\r\n  - id: a\r\nlog: {}\r\n',
      'store:\r\n  keys:\r\n  - id: a\r\n  - id: new\r\nlog: {}\r\n',
    ],
    ['with CRLF and no line end', 'store:\r\n  keys:\r\n  - id: a', 'store:\r\n  keys:\r\n  - id: a\r\n  - id: new'],
    ['behind a byte order mark', '\uFEFFstore:\n  keys: [{id: a}]\n', '\uFEFFstore:\n  keys: [{id: a}, { id: new }]\n'],
    ['to a list in brackets', 'store: {keys: [ {id: a} ]} # c\n', 'store: {keys: [ {id: a}, { id: new } ]} # c\n'],
    ['before a comma at the end', 'store: {keys: [{id: a},]}\n', 'store: {keys: [{id: a}, { id: new },]}\n'],
    [
      'to a list in brackets over lines',
      'store:\n  keys: [\n    {id: a}, # a\n    {id: b} # b\n  ]\n',
      'store:\n  keys: [\n    {id: a}, # a\n    {id: b}, { id: new } # b\n  ]\n',
    ],
    [
      'to an empty list',
      'store:\n  keys: [] # none\n  name: x\n',
      'store:\n  keys: # none\n    - id: new\n  name: x\n',
    ],
    ['to an empty list at the end', 'store:\n  keys: []', 'store:\n  keys:\n    - id: new'],
    ['to an empty list within brackets', 'store: { keys: [ ], a: b }\n', 'store: { keys: [{ id: new } ], a: b }\n'],
    ['to an empty list with a comment', 'store:\n  keys: [ # c\n    ]\n', 'store:\n  keys: [{ id: new } # c\n    ]\n'],
    ['to an empty list with an anchor', 'store:\n  keys: &k []\n', 'store:\n  keys: &k [{ id: new }]\n'],
    [
      'to an empty value',
      'store:\n  keys:   # none yet\n  name: x\n',
      'store:\n  keys:   # none yet\n    - id: new\n  name: x\n',
    ],
    ['to null', 'store:\n  keys: ~\n', 'store:\n  keys:\n    - id: new\n'],
    ['to an empty value within brackets', 'store: { keys: , a: b }\n', 'store: { keys: [{ id: new }] , a: b }\n'],
    [
      'to an absent list',
      'store:\n  name: x # x\n# end\nlog: {}\n',
      'store:\n  name: x # x\n  keys:\n    - id: new\n# end\nlog: {}\n',
    ],
    ['to an absent list within brackets', 'store: { name: x }\n', 'store: { name: x, keys: [{ id: new }] }\n'],
    ['to an absent list of an empty map', 'store: {}\n', 'store: { keys: [{ id: new }] }\n'],
  ])('%s', (_what, text, expected) => {
    expect(edited(text, add)).toBe(expected);
  });

  it('with the quotes that it needs', () => {
    const entry = { id: '0123', label: 'a, b]', on: 'yes: no', empty: '' };
    for (const text of ['store:\n  keys: [1]\n', 'store:\n  keys:\n    - 1\n']) {
      const yaml = new YamlEditor(parseYaml('test.yaml', text));
      yaml.addToList(['store', 'keys'], entry);
      expect(yaml.get(['store', 'keys', 1])).toEqual(entry);
    }
  });
});

describe('an entry is removed', () => {
  const lines =
    'store:\n  # all\n  keys:\n    # about a\n    - id: a # a\n      tags: {t: x}\n    # about b\n    - {id: b}\n\n    - id: c\nlog: {}\n';
  it.each<[string, string, number, string]>([
    ['first in lines', lines, 0, lines.replace('    - id: a # a\n      tags: {t: x}\n', '')],
    ['in the middle', lines, 1, lines.replace('    - {id: b}\n', '')],
    ['last in lines', lines, 2, lines.replace('    - id: c\n', '')],
    ['with CRLF', lines.replaceAll('\n', '\r\n'), 1, lines.replace('    - {id: b}\n', '').replaceAll('\n', '\r\n')],
    ['at the end of a file without a line end', 'store:\n  keys:\n  - a\n  - b', 1, 'store:\n  keys:\n  - a'],
    [
      'the only one in lines',
      'store:\n  keys: # keys\n    # a\n    - id: a\nlog: {}\n',
      0,
      'store:\n  keys: [] # keys\n    # a\nlog: {}\n',
    ],
    ['the only one at the end', 'store:\r\n  keys:\r\n  - a', 0, 'store:\r\n  keys: []'],
    ['the only one with an anchor', 'store:\n  keys: &k\n  - a\n', 0, 'store:\n  keys: &k []\n'],
    ['first in brackets', 'store: {keys: [ a, b,c ]}\n', 0, 'store: {keys: [ b,c ]}\n'],
    ['in the middle of brackets', 'store: {keys: [ a, b,c ]}\n', 1, 'store: {keys: [ a, c ]}\n'],
    ['last in brackets', 'store: {keys: [ a, b,c ]}\n', 2, 'store: {keys: [ a, b ]}\n'],
    ['last before a comma', 'store: {keys: [a, b,]}\n', 1, 'store: {keys: [a,]}\n'],
    ['the only one in brackets', 'store: {keys: [ {id: a}, ]} # c\n', 0, 'store: {keys: []} # c\n'],
    [
      'on a line of its own',
      'store:\n  keys: [\n    a, # a\n    # about b\n    b, # b\n    c\n  ]\n',
      1,
      'store:\n  keys: [\n    a, # a\n    # about b\n    c\n  ]\n',
    ],
    [
      'last on a line of its own',
      'store:\n  keys: [\n    a, # a\n    b # b\n  ]\n',
      1,
      'store:\n  keys: [\n    a, # a\n  ]\n',
    ],
    ['before a comment in brackets', 'store:\n  keys: [a, # a\n    b]\n', 0, 'store:\n  keys: [ # a\n    b]\n'],
    ['with an anchor', 'store: {keys: [&a x, y]}\n', 0, 'store: {keys: [y]}\n'],
  ])('%s', (_what, text, index, expected) => {
    expect(edited(text, remove(index))).toBe(expected);
  });

  it('with an alias elsewhere: nothing is changed', () => {
    expect(() => edited('store: {keys: [&a x, y]}\nb: *a\n', remove(0))).toThrow(/change it by hand$/);
  });
});

describe('a member', () => {
  it.each<[string, string, Edit, string]>([
    [
      'replaces another',
      '- label: x # x\n  id: a\n',
      (yaml) => {
        yaml.replaceMember([0, 'label'], 'versions', [{ label: 'x' }, { label: 'y' }]);
      },
      '- versions: [{ label: x }, { label: y }] # x\n  id: a\n',
    ],
    [
      'is set',
      'server: {host: a, port: 1}\n',
      (yaml) => {
        yaml.set(['server', 'host'], '::');
      },
      'server: {host: "::", port: 1}\n',
    ],
    [
      'is added',
      'server:\n  host: a\nlog: {}',
      (yaml) => {
        yaml.set(['server', 'port'], 1);
      },
      'server:\n  host: a\n  port: 1\nlog: {}',
    ],
    [
      'is added to an entry',
      '- { id: a }\n- id: b # b\n- id: c\n',
      (yaml) => {
        yaml.set([1, 'versions'], [{ label: 'b' }]);
      },
      '- { id: a }\n- id: b # b\n  versions:\n    - label: b\n- id: c\n',
    ],
    [
      'is removed behind the dash',
      '- label: x # x\n  id: a\n',
      (yaml) => {
        yaml.remove([0, 'label']);
      },
      '- id: a\n',
    ],
    [
      'is removed',
      '- id: a\n  label: |\n    x\n  ckaId: "00"\n',
      (yaml) => {
        yaml.remove([0, 'label']);
      },
      '- id: a\n  ckaId: "00"\n',
    ],
    [
      'is removed from brackets',
      '- {id: a, label: x, ckaId: "00"}\n',
      (yaml) => {
        yaml.remove([0, 'label']);
      },
      '- {id: a, ckaId: "00"}\n',
    ],
  ])('%s', (_what, text, edit, expected) => {
    expect(edited(text, edit)).toBe(expected);
  });
});

it.each<[string, Edit]>([
  [
    'a list that is a text',
    (yaml) => {
      yaml.addToList(['store'], 1);
    },
  ],
  [
    'an entry that does not exist',
    (yaml) => {
      yaml.remove(['list', 5]);
    },
  ],
  [
    'a list within a list',
    (yaml) => {
      yaml.remove(['nested', 0, 0]); // would leave an empty list
    },
  ],
  [
    'a place that does not exist',
    (yaml) => {
      yaml.addToList(['gone', 'keys'], 1);
    },
  ],
])('%s cannot be changed, and the text stays unchanged', (_what, edit) => {
  const text = 'store: text\nlist:\n- 1\nnested:\n- - 1\n';
  const yaml = new YamlEditor(parseYaml('test.yaml', text));
  expect(() => {
    edit(yaml);
  }).toThrow(/change it by hand$/);
  expect(yaml.text).toBe(text);
});
