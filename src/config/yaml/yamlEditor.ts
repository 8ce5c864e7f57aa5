import { isDeepStrictEqual } from 'node:util';
import { isAlias, isMap, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml';
import { formatPath, type KeyPath } from '../problems/problem.ts';
import { inLine, inLines, membersInLine } from './yamlText.ts';
import { insert, TextLines, type Span, type Splice } from './textLines.ts';
import { contentEnd, hasMark, isFlow, partsOf, valueStart, type Container } from './yamlParts.ts';
import { parseYaml, type WrittenYaml } from './writtenYaml.ts';

/**
 * Edits a YAML text and keeps every byte that an edit does not concern. If the new text would differ by more than the edit,
 * such as where an anchor shares the value, the edit throws an Error and changes nothing.
 */
export class YamlEditor {
  #yaml: WrittenYaml;

  constructor(yaml: WrittenYaml) {
    this.#yaml = yaml;
  }

  get #lines(): TextLines {
    return new TextLines(this.text);
  }

  get text(): string {
    return this.#yaml.text;
  }

  /** The value at a path; undefined if there is none. */
  get(path: KeyPath): unknown {
    return path.reduce<unknown>(
      (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
      this.#value(),
    );
  }

  /** Adds an entry to the end of a list, which may be empty or absent. */
  addToList(path: KeyPath, entry: unknown): void {
    const list = this.#nodeAt(path);
    const expected = this.#changed(path, (parent, key) => {
      const given = parent[key];
      if (!Array.isArray(given ?? [])) throw this.#cannot(path);
      parent[key] = [...((given ?? []) as unknown[]), entry];
    });
    if (isSeq(list) && list.items.length > 0) this.#apply(path, [this.#append(list, entry)], expected);
    else this.#apply(path, this.#fillList(path, list, entry), expected);
  }

  /** Sets the value of a member of a map. A new member is added at the end. */
  set(path: KeyPath, value: unknown): void {
    if (this.#pairAt(path)) {
      this.replaceMember(path, String(path.at(-1)), value);
      return;
    }
    const expected = this.#changed(path, (parent, key) => {
      parent[key] = value;
    });
    this.#apply(path, this.#newMember(path, value), expected);
  }

  /** Replaces a member of a map with another member. */
  replaceMember(path: KeyPath, key: string, value: unknown): void {
    const expected = this.#changed(path, (parent, old) => {
      Reflect.deleteProperty(parent, old);
      parent[key] = value;
    });
    const { from, to } = this.#partAt(path).part;
    this.#apply(path, [{ from, to, text: membersInLine({ [key]: value }) }], expected);
  }

  /** Removes an entry of a list or a member of a map. */
  remove(path: KeyPath): void {
    const expected = this.#changed(path, (parent, key) => {
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else Reflect.deleteProperty(parent, key);
    });
    const { container, index } = this.#partAt(path);
    this.#apply(
      path,
      isFlow(container) ? this.#cut(container, index) : this.#cutLines(path, container, index),
      expected,
    );
  }

  #append(container: Container, entry: unknown): Splice {
    const last = partsOf(container).at(-1) as Span;
    const end = contentEnd(container.items.at(-1));
    if (isFlow(container)) return { from: end, to: end, text: `, ${inLine(entry)}` };
    const column = last.from - this.#lines.lineStart(last.from);
    const isInLine = isFlow(container.items.at(-1));
    return this.#lines.insertLines(end, (lineEnd) =>
      isInLine ? `${' '.repeat(column)}- ${inLine(entry)}${lineEnd}` : inLines([entry], column, lineEnd),
    );
  }

  #fillList(path: KeyPath, list: unknown, entry: unknown): Splice[] {
    const pair = this.#pairAt(path);
    if (!pair) return this.#newMember(path, [entry]);
    const from = valueStart(pair);
    // The parser may place an empty value, which is null, after a comment.
    const to = isScalar(list) && list.source === '' ? from : contentEnd(list);
    const isOneLine = !/[\n#]/.test(this.text.slice(from, to));
    const parent = this.#nodeAt(path.slice(0, -1)) as YAMLMap;
    if (isFlow(parent) || hasMark(pair) || !isOneLine) {
      const open = isFlow(list) ? contentStart(list) + 1 : from;
      return [isFlow(list) ? insert(open, inLine(entry)) : { from, to, text: ` ${inLine([entry])}` }];
    }
    const column = (partsOf(parent)[0]?.from ?? 0) - this.#lines.lineStart(partsOf(parent)[0]?.from ?? 0);
    return [{ from, to, text: '' }, this.#lines.insertLines(to, (lineEnd) => inLines([entry], column + 2, lineEnd))];
  }

  #newMember(path: KeyPath, value: unknown): Splice[] {
    const map = this.#nodeAt(path.slice(0, -1));
    if (!isMap(map)) throw this.#cannot(path);
    const member = { [String(path.at(-1))]: value };
    const parts = partsOf(map);
    const [first] = parts;
    if (!first) return [insert(contentStart(map) + 1, ` ${membersInLine(member)} `)];
    const end = contentEnd(map.items.at(-1));
    if (isFlow(map)) return [insert(end, `, ${membersInLine(member)}`)];
    return [
      this.#lines.insertLines(end, (lineEnd) =>
        inLines(member, first.from - this.#lines.lineStart(first.from), lineEnd),
      ),
    ];
  }

  /** Cuts an entry out of a list or map in brackets. */
  #cut(container: Container, index: number): Splice[] {
    const parts = partsOf(container);
    const { from, to } = parts[index] as Span;
    const [before, after] = [parts[index - 1], parts[index + 1]];
    const [lineStart, rest] = [this.#lines.lineStart(from), /^[ \t]*,?[ \t]*(#.*)?(\r?\n|$)/.exec(this.text.slice(to))];
    if (rest && this.#lines.isBlank(lineStart, from)) return [{ from: lineStart, to: to + rest[0].length, text: '' }];
    const isPlain = (start: number, end: number) => !/[\n#]/.test(this.text.slice(start, end));
    if (after && isPlain(to, after.from)) return [{ from, to: after.from, text: '' }];
    if (!after && before && isPlain(before.to, from)) return [{ from: before.to, to, text: '' }];
    const [open, close] = [contentStart(container) + 1, contentEnd(container) - 1];
    if (parts.length === 1 && isPlain(open, close)) return [{ from: open, to: close, text: '' }];
    const comma = /^\s*,/.exec(this.text.slice(to))?.[0] ?? '';
    return [{ from, to: to + comma.length, text: '' }];
  }

  /** Cuts an entry out of a list or map that is written in lines. */
  #cutLines(path: KeyPath, container: Container, index: number): Splice[] {
    const parts = partsOf(container);
    const { from, to } = parts[index] as Span;
    const lineStart = this.#lines.lineStart(from);
    const lineEnd = this.#lines.lineEnd(to);
    const after = parts[index + 1];
    if (!this.#lines.isBlank(lineStart, from)) {
      // If the map is an entry of a list, its first member stands after the dash.
      const next =
        after && this.#lines.isBlank(lineEnd, after.from) && !this.text.slice(lineEnd, after.from).includes('\n');
      if (!next) throw this.#cannot(path);
      return [{ from, to: after.from, text: '' }];
    }
    const isLastLine = lineEnd === this.text.length && !this.text.endsWith('\n');
    const lines = {
      from: isLastLine ? lineStart - this.#lines.newLine(lineStart).length : lineStart,
      to: lineEnd,
      text: '',
    };
    if (parts.length > 1) return [lines];
    const pair = this.#pairAt(path.slice(0, -1));
    if (!pair || !isSeq(container)) throw this.#cannot(path);
    return [lines, insert(valueStart(pair), ' []')];
  }

  #nodeAt(path: KeyPath): unknown {
    return path.reduce<unknown>((node, key, index) => {
      const child: unknown = isMap(node) || isSeq(node) ? node.get(key, true) : undefined;
      if (!isAlias(child)) return child;
      throw new Error(`${formatPath(path.slice(0, index + 1))} is an alias; change it by hand`);
    }, this.#yaml.document.contents);
  }

  #pairAt(path: KeyPath): Pair | undefined {
    const map = this.#nodeAt(path.slice(0, -1));
    const key = String(path.at(-1));
    return isMap(map) ? map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key) : undefined;
  }

  #partAt(path: KeyPath): { readonly container: Container; readonly index: number; readonly part: Span } {
    const container = this.#nodeAt(path.slice(0, -1));
    if (!isMap(container) && !isSeq(container)) throw this.#cannot(path);
    const pair = this.#pairAt(path);
    const index = isMap(container) ? container.items.findIndex((item) => item === pair) : Number(path.at(-1));
    const part = partsOf(container)[index];
    if (!part) throw this.#cannot(path);
    return { container, index, part };
  }

  /** Copy of the value of the file, in which parts that share an anchor are separate. */
  #value(): unknown {
    return JSON.parse(JSON.stringify(this.#yaml.value));
  }

  #changed(path: KeyPath, change: (parent: Record<PropertyKey, unknown>, key: PropertyKey) => void): unknown {
    const value = this.#value();
    const parent = path
      .slice(0, -1)
      .reduce((part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key], value);
    const key = path.at(-1);
    if (typeof parent !== 'object' || parent === null || key === undefined) throw this.#cannot(path);
    change(parent as Record<PropertyKey, unknown>, key);
    return value;
  }

  #apply(path: KeyPath, splices: readonly Splice[], expected: unknown): void {
    const inOrder = splices.toSorted((a, b) => b.from - a.from);
    const text = inOrder.reduce((all, { from, to, text: put }) => all.slice(0, from) + put + all.slice(to), this.text);
    const before = this.#yaml;
    try {
      this.#yaml = parseYaml('', text);
      if (isDeepStrictEqual(this.#value(), expected)) return;
    } catch {
      // Reported below, like a result that is not as expected.
    }
    this.#yaml = before;
    throw this.#cannot(path);
  }

  #cannot(path: KeyPath): Error {
    return new Error(
      `${formatPath(path)} cannot be changed without changing other parts of the file; change it by hand`,
    );
  }
}

function contentStart(node: unknown): number {
  return (node as { range?: readonly number[] }).range?.[0] ?? NaN;
}
