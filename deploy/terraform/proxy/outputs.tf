output "xks_proxy_uri_endpoint" {
  description = "uri_endpoint of the module key-store."
  value       = "https://${var.private_dns_name}"
}

output "xks_proxy_vpc_endpoint_service_name" {
  description = "vpc_endpoint_service_name of the module key-store, which waits until the domain is verified if this module verifies it."
  value       = aws_vpc_endpoint_service.proxy.service_name
  depends_on  = [aws_vpc_endpoint_service_private_dns_verification.proxy]
}

output "endpoint_service_id" {
  description = "Id of the VPC endpoint service."
  value       = aws_vpc_endpoint_service.proxy.id
}

output "domain_verification" {
  description = "TXT record to make in the public DNS if there is no hosted zone: `name`, a dot, and the domain or a parent of it."
  value       = one([for record in aws_vpc_endpoint_service.proxy.private_dns_name_configuration : { name = record.name, value = record.value }])
}

output "load_balancer_security_group_id" {
  description = "For an inbound rule, to try the proxy from inside the VPC."
  value       = aws_security_group.load_balancer.id
}

output "alarm_topic_arn" {
  description = "Topic of the alarms: one of alarm_topic_arns of the module key-store."
  value       = aws_sns_topic.alarms.arn
}

output "cluster_name" {
  description = "ECS cluster, on Fargate."
  value       = one(aws_ecs_cluster.proxy[*].name)
}

output "service_name" {
  description = "ECS service, on Fargate."
  value       = one(aws_ecs_service.proxy[*].name)
}

output "log_group_name" {
  description = "Log of the tasks, on Fargate."
  value       = one(aws_cloudwatch_log_group.proxy[*].name)
}

output "autoscaling_group_name" {
  description = "Auto Scaling group, on EC2."
  value       = one(aws_autoscaling_group.proxy[*].name)
}
