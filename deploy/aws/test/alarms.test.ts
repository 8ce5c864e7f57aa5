import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { idOf, synthesize } from './synthesize.ts';

const KEY_STORE = 'cks-1234567890abcdef0';
const template = synthesize({ customKeyStoreId: KEY_STORE, alarmEmail: 'operators@example.com' });

const hasAlarm = (properties: object) => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', properties);
};
const query = (expression: string, Period: number) => ({
  Metrics: [Match.objectLike({ Expression: expression, Period })],
});
const metric = (MetricName: string, dimensions: Readonly<Record<string, string>> = {}) => ({
  Namespace: 'AWS/KMS',
  MetricName,
  Dimensions: Object.entries({ ...dimensions, CustomKeyStoreId: KEY_STORE })
    .map(([Name, Value]) => ({ Name, Value }))
    .sort((one, other) => one.Name.localeCompare(other.Name)),
});

describe('an alarm on the metrics of KMS is raised', () => {
  it.each(['Retryable', 'Non-retryable'])('for more than 5 %s errors in a minute', (type) => {
    const expression = `SELECT SUM(XksProxyErrors) FROM "AWS/KMS" WHERE CustomKeyStoreId = '${KEY_STORE}' AND ErrorType = '${type}'`;
    hasAlarm({
      ...query(expression, 60),
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 5,
      EvaluationPeriods: 1,
    });
  });

  it.each(['Decrypt', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncrypt'])(
    'when %s takes over 200 ms on average over 5 minutes',
    (operation) => {
      const expression = `SELECT AVG(XksProxyLatency) FROM "AWS/KMS" WHERE CustomKeyStoreId = '${KEY_STORE}' AND KmsOperation = '${operation}'`;
      hasAlarm({ ...query(expression, 300), ComparisonOperator: 'GreaterThanThreshold', Threshold: 200 });
    },
  );

  it('when the certificate expires in less than 10 days', () => {
    hasAlarm({
      ...metric('XksProxyCertificateDaysToExpire', { CertificateName: 'xks-proxy.example.com' }),
      Statistic: 'Minimum',
      Period: 300,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 10,
    });
  });

  it('when a certificate with a wildcard CN expires in less than 10 days', () => {
    synthesize({ customKeyStoreId: KEY_STORE, certificateName: '*.example.com' }).hasResourceProperties(
      'AWS::CloudWatch::Alarm',
      metric('XksProxyCertificateDaysToExpire', { CertificateName: '*.example.com' }),
    );
  });

  it.each(['Degraded', 'Unavailable'])('when a key manager is %s', (state) => {
    hasAlarm({
      ...metric('XksExternalKeyManagerStates', { XksExternalKeyManagerState: state }),
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
    });
  });

  it('when KMS throttles requests', () => {
    const expression = `SELECT SUM(ExternalKeyStoreThrottle) FROM "AWS/KMS" WHERE CustomKeyStoreId = '${KEY_STORE}'`;
    hasAlarm({ ...query(expression, 300), ComparisonOperator: 'GreaterThanThreshold', Threshold: 0 });
  });

  it('when the credential is old', () => {
    hasAlarm({ ...metric('XksProxyCredentialAge'), ComparisonOperator: 'GreaterThanThreshold', Threshold: 180 });
  });

  it('only if the id of the key store is given', () => {
    expect(JSON.stringify(synthesize().toJSON())).not.toContain('AWS/KMS');
  });
});

describe('an alarm on the targets is raised', () => {
  const hosts = (MetricName: string) => ({
    Namespace: 'AWS/NetworkELB',
    MetricName,
    Dimensions: [Match.objectLike({ Name: 'LoadBalancer' }), Match.objectLike({ Name: 'TargetGroup' })],
  });

  it('when a task is not healthy', () => {
    hasAlarm({ ...hosts('UnHealthyHostCount'), Statistic: 'Maximum', Threshold: 1 });
  });

  it('when no task is healthy, or there is no data', () => {
    hasAlarm({
      ...hosts('HealthyHostCount'),
      Statistic: 'Minimum',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      TreatMissingData: 'breaching',
    });
  });
});

it('every alarm reports to the topic, and the topic to the email address', () => {
  const topic = { Ref: idOf(template, 'AWS::SNS::Topic') };
  for (const alarm of Object.values(template.findResources('AWS::CloudWatch::Alarm'))) {
    expect(alarm).toMatchObject({ Properties: { AlarmActions: [topic], OKActions: [topic] } });
  }
  template.hasResourceProperties('AWS::SNS::Subscription', {
    TopicArn: topic,
    Protocol: 'email',
    Endpoint: 'operators@example.com',
  });
});
