import { fitLine } from '../statistics.ts';

/** Figures that are read at the end of each minute. */
export interface MinuteFigures {
  readonly minute: number;
  /** Good answers per second. */
  readonly goodput: number;
  readonly failed: number;
  readonly p99Ms: number;
  /** Longest delay of an event loop, and its 99th percentile, in milliseconds; some 20 ms at rest. */
  readonly loopMaxMs: number;
  readonly loopP99Ms: number;
  /** Share of the minute, from 0 to 1, in which a process collected garbage. */
  readonly gc: number;
  /** MiB. */
  readonly pss: number;
  readonly residentMemory: number;
  readonly heapUsed: number;
  readonly fileDescriptors: number;
}

// In these minutes a proxy fills caches and pools, and compiles code.
const WARM_UP_MINUTES = 2;
const STANDARD_ERRORS = 3;

/** Growth over all minutes that still counts as flat: a share of the mean, or a least amount. */
const TOLERATED = {
  pss: { share: 0.05, least: 8 },
  residentMemory: { share: 0.05, least: 8 },
  fileDescriptors: { share: 0, least: 3 },
} as const;

export interface Growth {
  /** Description of the figure and its change per minute. */
  readonly text: string;
  readonly isTolerated: boolean;
}

/** Calculates the change of figures after the first two minutes. Growth above the tolerance that noise does not explain is not tolerated. Empty if there are too few minutes. */
export function growthOf(minutes: readonly MinuteFigures[]): Growth[] {
  const measured = minutes.filter(({ minute }) => minute > WARM_UP_MINUTES);
  if (measured.length < 3) return [];
  return (Object.keys(TOLERATED) as (keyof typeof TOLERATED)[]).map((figure) => {
    const { slope, error } = fitLine(measured.map((each) => [each.minute, each[figure]]));
    const mean = measured.reduce((sum, each) => sum + each[figure], 0) / measured.length;
    const tolerated = Math.max(TOLERATED[figure].least, mean * TOLERATED[figure].share);
    const grown = slope * (measured.length - 1);
    return {
      text: `${figure}: ${slope.toFixed(2)} more each minute (± ${error.toFixed(2)}); tolerated: ${tolerated.toFixed(1)} more in all`,
      isTolerated: !(grown > tolerated && slope > STANDARD_ERRORS * error),
    };
  });
}
