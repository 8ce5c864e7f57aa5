# The topic of all alarms, and the alarms on the load balancer's targets. The module key-store has the alarms on KMS's metrics.

# Not encrypted with a KMS key, because an alarm must not depend on the key store that it watches.
resource "aws_sns_topic" "alarms" {
  name_prefix = "${var.name}-alarms-"
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

locals {
  # NLB User Guide, load-balancer-cloudwatch-metrics.html.
  target_dimensions = {
    LoadBalancer = aws_lb.proxy.arn_suffix
    TargetGroup  = aws_lb_target_group.proxy.arn_suffix
  }
}

resource "aws_cloudwatch_metric_alarm" "unhealthy_hosts" {
  alarm_name          = "${var.name}-unhealthy-hosts"
  alarm_description   = "A proxy has not been ready for 3 minutes."
  namespace           = "AWS/NetworkELB"
  metric_name         = "UnHealthyHostCount"
  dimensions          = local.target_dimensions
  statistic           = "Maximum"
  period              = 60
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "no_healthy_host" {
  alarm_name          = "${var.name}-no-healthy-host"
  alarm_description   = "No proxy is ready, in an Availability Zone or at all."
  namespace           = "AWS/NetworkELB"
  metric_name         = "HealthyHostCount"
  dimensions          = local.target_dimensions
  statistic           = "Minimum"
  period              = 60
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}
