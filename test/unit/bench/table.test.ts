import { expect, it } from 'vitest';
import { table } from '../../../bench/table.ts';

it('aligns columns, numbers to the right', () => {
  expect(
    table(
      ['proxy', 'answers/s'],
      [
        ['one', 950],
        ['two workers', '1800'],
      ],
    ),
  ).toBe(
    [
      '| proxy       | answers/s |',
      '| ----------- | --------: |',
      '| one         |       950 |',
      '| two workers |      1800 |',
    ].join('\n'),
  );
});
