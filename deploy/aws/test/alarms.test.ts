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

describe('alarms on what KMS measures', () => {
  it.each(['Retryable', 'Non-retryable'])('more than 5 %s errors in a minute', (type) => {
    const expression = `SELECT SUM(XksProxyErrors) FROM "AWS/KMS" WHERE CustomKeyStoreId = '${KEY_STORE}' AND ErrorType = '${type}'`;
    hasAlarm({
      ...query(expression, 60),
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 5,
      EvaluationPeriods: 1,
    });
  });

  it.each(['Decrypt', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncrypt'])(
    '%s takes over 200 ms on average over 5 minutes',
    (operation) => {
      const expression = `SELECT AVG(XksProxyLatency) FROM "AWS/KMS" WHERE CustomKeyStoreId = '${KEY_STORE}' AND KmsOperation = '${operation}'`;
      hasAlarm({ ...query(expression, 300), ComparisonOperator: 'GreaterThanThreshold', Threshold: 200 });
    },
  );

  it('the certificate expires in less than 10 days', () => {
    hasAlarm({
      ...metric('XksProxyCertificateDaysToExpire', { CertificateName: 'xks-proxy.example.com' }),
      Statistic: 'Minimum',
      Period: 300,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 10,
    });
  });

  it('the same, of a certificate whose CN is a wildcard', () => {
    synthesize({ customKeyStoreId: KEY_STORE, certificateName: '*.example.com' }).hasResourceProperties(
      'AWS::CloudWatch::Alarm',
      metric('XksProxyCertificateDaysToExpire', { CertificateName: '*.example.com' }),
    );
  });

  it.each(['Degraded', 'Unavailable'])('a key manager is %s', (state) => {
    hasAlarm({
      ...metric('XksExternalKeyManagerStates', { XksExternalKeyManagerState: state }),
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
    });
  });

  it('KMS throttles', () => {
    const expression = `SELECT SUM(ExternalKeyStoreThrottle) FROM "AWS/KMS" WHERE CustomKeyStoreId = '${KEY_STORE}'`;
    hasAlarm({ ...query(expression, 300), ComparisonOperator: 'GreaterThanThreshold', Threshold: 0 });
  });

  it('the credential is old', () => {
    hasAlarm({ ...metric('XksProxyCredentialAge'), ComparisonOperator: 'GreaterThanThreshold', Threshold: 180 });
  });

  it('are made when the id of the key store is known', () => {
    expect(JSON.stringify(synthesize().toJSON())).not.toContain('AWS/KMS');
  });
});

describe('alarms on the targets', () => {
  const hosts = (MetricName: string) => ({
    Namespace: 'AWS/NetworkELB',
    MetricName,
    Dimensions: [Match.objectLike({ Name: 'LoadBalancer' }), Match.objectLike({ Name: 'TargetGroup' })],
  });

  it('a task is not healthy', () => {
    hasAlarm({ ...hosts('UnHealthyHostCount'), Statistic: 'Maximum', Threshold: 1 });
  });

  it('no task is healthy, or nothing is known of any', () => {
    hasAlarm({
      ...hosts('HealthyHostCount'),
      Statistic: 'Minimum',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      TreatMissingData: 'breaching',
    });
  });
});

it('every alarm reports to the topic, and the topic to the address', () => {
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
