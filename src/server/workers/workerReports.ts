import type { ProcessReport } from '../../monitoring/processReport.ts';
import type { SupervisedWorker } from './supervisedWorker.ts';

type ReportingWorker = Pick<SupervisedWorker, 'peer' | 'pid'>;

/** Reports of the workers themselves, collected in at most `answerMs`. */
export async function workerReports(
  workers: Iterable<ReportingWorker>,
  serving: readonly ReportingWorker[],
  answerMs: number,
): Promise<readonly ProcessReport[]> {
  const reports = [...workers].map(async (worker): Promise<readonly ProcessReport[]> => {
    const { peer, pid } = worker;
    if (!serving.includes(worker)) return [{ is: 'starting', pid }];
    return peer
      .call('processes', undefined, { timeoutMs: answerMs })
      .catch((): ProcessReport[] => [{ is: 'not answering', pid }]);
  });
  return (await Promise.all(reports)).flat();
}
