import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Stats, TreatMissingData, type AlarmProps } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { LoadBalancer } from './loadBalancer.ts';

/** The topic that receives all alarms, and the alarms on the load balancer's targets. */
export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: { loadBalancer: LoadBalancer; email: string | undefined }) {
    super(scope, id);
    // The topic is not encrypted with a KMS key, because an alarm must not depend on the service that it watches.
    this.topic = new Topic(this, 'Topic');
    if (props.email !== undefined) this.topic.addSubscription(new EmailSubscription(props.email));

    // NLB User Guide, load-balancer-cloudwatch-metrics.html.
    const { metrics } = props.loadBalancer.targetGroup;
    this.add(this, 'UnhealthyHosts', {
      metric: metrics.unHealthyHostCount({ statistic: Stats.MAXIMUM, period: Duration.minutes(1) }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 3,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: 'A task has not been ready for 3 minutes.',
    });
    this.add(this, 'NoHealthyHost', {
      metric: metrics.healthyHostCount({ statistic: Stats.MINIMUM, period: Duration.minutes(1) }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.BREACHING,
      alarmDescription: 'No task is ready, in an Availability Zone or at all.',
    });
  }

  /** Adds an alarm that reports both its changes, to ALARM and back to OK. */
  add(scope: Construct, id: string, props: AlarmProps): void {
    const alarm = new Alarm(scope, id, props);
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
  }
}
