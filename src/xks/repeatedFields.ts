const [BACKSLASH, COLON] = ['\\', ':'].map((character) => character.charCodeAt(0));

/**
 * Whether an object of a JSON text, at any depth, has a field twice. `value` is the result of JSON.parse, which keeps only the last
 * field of each name. If a name is repeated, in whatever spelling, the text has more fields than the value.
 */
export function hasRepeatedFields(text: string, value: object): boolean {
  return fieldsOfText(text) !== fieldsOfValue(value);
}

/** Counts the colons outside strings, because each of them follows the name of a field. */
function fieldsOfText(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length;) {
    const string = indexOr(text.length, text.indexOf('"', at));
    for (; at < string; at += 1) if (text.charCodeAt(at) === COLON) count += 1;
    at = endOfString(text, string);
  }
  return count;
}

/** Returns the index after a string that begins at `start`. Native search is fast, because requests are mostly long strings. */
function endOfString(text: string, start: number): number {
  for (let end = start; ;) {
    end = indexOr(text.length, text.indexOf('"', end + 1));
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
  }
}

function indexOr(otherwise: number, index: number): number {
  return index === -1 ? otherwise : index;
}

/** Counts the fields without recursion, because JSON.parse accepts deeper nesting than the stack allows. */
function fieldsOfValue(value: object): number {
  let count = 0;
  const objects = [value];
  for (let object = objects.pop(); object; object = objects.pop()) {
    const values: unknown[] = Array.isArray(object) ? object : Object.values(object);
    if (values !== object) count += values.length;
    for (const each of values) if (typeof each === 'object' && each !== null) objects.push(each);
  }
  return count;
}
