import type { CertificateFinding } from '../certificates/certificateFinding.ts';
import { judgeIdentity } from '../certificates/judgeIdentity.ts';
import { readFromDisk } from './files/configFiles.ts';
import { loadInSteps, type LoadedConfig } from './loadConfig.ts';
import { inTurns } from '../timing/steps.ts';
import { ConfigError, formatProblem, type Remark } from './problems/problem.ts';

/**
 * Loads a configuration that is to be served from now on. Refuses more than loadConfig: certificates that no client can accept,
 * and client CAs that can admit no client. Worker processes and commands use loadConfig, because a certificate that expires
 * while the proxy runs must not keep them from starting. Throws ConfigError.
 */
export async function loadForServing(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  readFile = readFromDisk,
): Promise<LoadedConfig> {
  const loaded = await inTurns(loadInSteps(file, env, readFile));
  const { tls } = loaded.config.server;
  const findings = tls ? await judgeIdentity(tls, new Date()) : [];
  const problemsOf = (level: CertificateFinding['level']) =>
    loaded.locate(findings.filter((finding) => finding.level === level).map(toRemark));
  const failures = problemsOf('failure');
  if (failures.length > 0) throw new ConfigError(file, failures);
  return { ...loaded, warnings: [...loaded.warnings, ...problemsOf('warning').map(formatProblem)] };
}

function toRemark({ check, message, advice }: CertificateFinding): Remark {
  const keys = ['server', 'tls', ...(check === 'client CA' ? ['clientAuth', 'caFile'] : ['certificateFile'])];
  return { keys, message: advice === undefined ? message : `${message} ${advice}` };
}
