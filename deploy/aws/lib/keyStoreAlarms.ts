import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Alarms } from './alarms.ts';

const NAMESPACE = 'AWS/KMS';

/** KMS operations that call the proxy for a customer: KMS Developer Guide, keystore-external.html#concept-proxy-apis. */
const KMS_OPERATIONS = ['Decrypt', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncrypt'];

/**
 * Alarms that AWS recommends for KMS's metrics of the key store: KMS Developer Guide, xks-alarms.html.
 * monitoring-cloudwatch.html lists the metrics and dimensions.
 */
export class KeyStoreAlarms extends Construct {
  readonly #alarms: Alarms;
  readonly #keyStoreId: string;

  constructor(
    scope: Construct,
    id: string,
    props: { alarms: Alarms; customKeyStoreId: string; certificateName: string },
  ) {
    super(scope, id);
    this.#alarms = props.alarms;
    this.#keyStoreId = props.customKeyStoreId;

    this.#addErrorAlarm('RetryableErrors', 'Retryable', 'KMS got no answer in time, or one that says to try again');
    this.#addErrorAlarm('NonRetryableErrors', 'Non-retryable', 'the proxy refuses requests of KMS');
    for (const operation of KMS_OPERATIONS) this.#addLatencyAlarm(operation);
    this.#addCertificateAlarm(props.certificateName);
    for (const state of ['Degraded', 'Unavailable']) this.#addKeyManagerAlarm(state);
    this.#addThrottleAlarm();
    this.#addCredentialAlarm();
  }

  #addErrorAlarm(name: string, errorType: string, meaning: string): void {
    this.#alarms.add(this, name, {
      metric: this.#query('SUM(XksProxyErrors)', `ErrorType = '${errorType}'`, Duration.minutes(1)),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 5,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `More than 5 errors in a minute: ${meaning}.`,
    });
  }

  #addLatencyAlarm(operation: string): void {
    this.#alarms.add(this, `Latency${operation}`, {
      metric: this.#query('AVG(XksProxyLatency)', `KmsOperation = '${operation}'`, Duration.minutes(5)),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 200,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `${operation}: the proxy takes over 200 ms on average; KMS waits 250 ms.`,
    });
  }

  #addCertificateAlarm(certificateName: string): void {
    this.#alarms.add(this, 'CertificateDaysToExpire', {
      metric: this.#metric('XksProxyCertificateDaysToExpire', Stats.MINIMUM, { CertificateName: certificateName }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 10,
      evaluationPeriods: 1,
      alarmDescription:
        'The TLS certificate expires in less than 10 days; then KMS cannot use any key of the key store.',
    });
  }

  #addKeyManagerAlarm(state: string): void {
    this.#alarms.add(this, `KeyManager${state}`, {
      metric: this.#metric('XksExternalKeyManagerStates', Stats.MAXIMUM, { XksExternalKeyManagerState: state }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `The proxy reports a key manager as ${state}; its log says which and why.`,
    });
  }

  #addThrottleAlarm(): void {
    this.#alarms.add(this, 'Throttled', {
      metric: this.#query('SUM(ExternalKeyStoreThrottle)', '', Duration.minutes(5)),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: 'KMS throttles requests: the quota of the key store is reached.',
    });
  }

  #addCredentialAlarm(): void {
    this.#alarms.add(this, 'CredentialAge', {
      metric: this.#metric('XksProxyCredentialAge', Stats.MAXIMUM, {}),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 180,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: 'KMS has used the same proxy credential for over 180 days; rotate it.',
    });
  }

  #metric(metricName: string, statistic: string, dimensions: Readonly<Record<string, string>>): Metric {
    const dimensionsMap = { CustomKeyStoreId: this.#keyStoreId, ...dimensions };
    return new Metric({ namespace: NAMESPACE, metricName, dimensionsMap, statistic, period: Duration.minutes(5) });
  }

  /** A Metrics Insights query, for metrics with dimensions that an alarm does not distinguish. */
  #query(select: string, where: string, period: Duration): MathExpression {
    const condition = [`CustomKeyStoreId = '${this.#keyStoreId}'`, where].filter((part) => part !== '').join(' AND ');
    const expression = `SELECT ${select} FROM "${NAMESPACE}" WHERE ${condition}`;
    return new MathExpression({ expression, period, usingMetrics: {} });
  }
}
