# Alarms on KMS's metrics of the key store, as AWS recommends them in KMS Developer Guide, xks-alarms.html. monitoring-cloudwatch.html lists
# the metrics and dimensions.

locals {
  certificate_name = var.certificate_name != null || var.key_store == null ? var.certificate_name : trimprefix(var.key_store.uri_endpoint, "https://")

  error_alarms = {
    retryable-errors     = { type = "Retryable", meaning = "KMS got no answer in time, or one that says to try again" }
    non-retryable-errors = { type = "Non-retryable", meaning = "the proxy refuses requests of KMS" }
  }

  # KMS operations that call the proxy for a customer: KMS Developer Guide, keystore-external.html#concept-proxy-apis.
  operations = ["Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncrypt"]

  # Metrics Insights queries, for metrics with dimensions that an alarm does not distinguish.
  query_alarms = merge(
    {
      for name, error in local.error_alarms : name => {
        select      = "SUM(XksProxyErrors)"
        where       = " AND ErrorType = '${error.type}'"
        period      = 60
        threshold   = 5
        description = "More than 5 errors in a minute: ${error.meaning}."
      }
    },
    {
      for operation in local.operations : "latency-${operation}" => {
        select      = "AVG(XksProxyLatency)"
        where       = " AND KmsOperation = '${operation}'"
        period      = 300
        threshold   = 200
        description = "${operation}: the proxy takes over 200 ms on average; KMS waits 250 ms."
      }
    },
    {
      throttled = {
        select      = "SUM(ExternalKeyStoreThrottle)"
        where       = ""
        period      = 300
        threshold   = 0
        description = "KMS throttles requests: the quota of the key store is reached."
      }
    },
  )

  metric_alarms = merge(
    {
      credential-age = {
        metric      = "XksProxyCredentialAge"
        dimensions  = {}
        statistic   = "Maximum"
        comparison  = "GreaterThanThreshold"
        threshold   = 180
        missing     = "notBreaching"
        description = "KMS has used the same proxy credential for over 180 days; rotate it."
      }
    },
    local.certificate_name == null ? {} : {
      certificate-days-to-expire = {
        metric      = "XksProxyCertificateDaysToExpire"
        dimensions  = { CertificateName = local.certificate_name }
        statistic   = "Minimum"
        comparison  = "LessThanThreshold"
        threshold   = 10
        missing     = "missing"
        description = "The TLS certificate expires in less than 10 days; then KMS cannot use any key of the key store."
      }
    },
    {
      for state in ["Degraded", "Unavailable"] : "key-manager-${state}" => {
        metric      = "XksExternalKeyManagerStates"
        dimensions  = { XksExternalKeyManagerState = state }
        statistic   = "Maximum"
        comparison  = "GreaterThanOrEqualToThreshold"
        threshold   = 1
        missing     = "notBreaching"
        description = "The proxy reports a key manager as ${state}; its log says which and why."
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "queries" {
  for_each = { for name, alarm in local.query_alarms : name => alarm if length(var.alarm_topic_arns) > 0 }

  alarm_name          = "${local.id}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns

  metric_query {
    id          = "q"
    expression  = "SELECT ${each.value.select} FROM \"AWS/KMS\" WHERE CustomKeyStoreId = '${local.id}'${each.value.where}"
    period      = each.value.period
    return_data = true
  }
}

resource "aws_cloudwatch_metric_alarm" "metrics" {
  for_each = { for name, alarm in local.metric_alarms : name => alarm if length(var.alarm_topic_arns) > 0 }

  alarm_name          = "${local.id}-${each.key}"
  alarm_description   = each.value.description
  namespace           = "AWS/KMS"
  metric_name         = each.value.metric
  dimensions          = merge({ CustomKeyStoreId = local.id }, each.value.dimensions)
  statistic           = each.value.statistic
  period              = 300
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = 1
  treat_missing_data  = each.value.missing
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}
